"""How many planted errors are found among items that are filed under a value, and how many of the found are planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from catalog.models import Item
from catalog.services.collections import update_collection
from search.embedding.spaces.lifecycle import active_space
from search.embedding.waiting import wait_until_embedded
from search.evaluation.datasets import LabelledDataset
from search.evaluation.scratch import scratch_collection
from search.insight.misfiled.finding import find_misfiled, labelled
from search.insight.misfiled.judging import plant
from search.insight.reading.vectors import survey
from search.models import Suggestion


@dataclass(frozen=True, slots=True)
class MisfiledFigures:
    """`planted` items got the value that is most easily taken for theirs; `suggested` are shown to a curator."""

    recall: float
    precision: float
    planted: int
    suggested: int


def evaluate_misfiled(
    dataset: LabelledDataset, *, on_progress: Callable[[int], None] = lambda done: None
) -> MisfiledFigures:
    """Items with their values -> plant errors in the stored items -> embed these as they are now -> find -> compare.

    Where the errors go is decided by vectors that do not know the values; what is searched are vectors that do, the
    wrong ones, as in any catalog.
    """
    name = dataset.attribute
    items = [
        item.model_copy(update={"attributes": {**item.attributes, name: dataset.values[item.external_id]}})
        for item in dataset.items
        if item.external_id in dataset.values
    ]
    definition = {"type": "term", "facet": True}
    schema = {name: {**definition, "searched": "no"}}
    with scratch_collection(items, on_progress=on_progress, attribute_schema=schema) as collection:
        found = survey(collection, active_space(), attribute=name)
        rows, names, labels = labelled(found)
        planted, is_planted = plant(found.vectors[rows], labels, seed=0)
        errors = zip(rows[is_planted].tolist(), planted[is_planted].tolist(), strict=True)
        wrong = {int(found.ids[row]): names[label] for row, label in errors}
        changed = list(Item.objects.filter(pk__in=wrong))
        for item in changed:
            item.attributes[name] = wrong[item.pk]
        Item.objects.bulk_update(changed, ["attributes"], batch_size=1_000)
        update_collection(collection=collection, attribute_schema={name: definition})
        wait_until_embedded(collection, on_progress=lambda p: on_progress(p.embedded), patience=0)
        find_misfiled(collection, name)
        suggested = set(Suggestion.objects.filter(collection=collection).values_list("item", flat=True))
    hits = len(suggested & set(wrong))
    return MisfiledFigures(hits / max(len(wrong), 1), hits / max(len(suggested), 1), len(wrong), len(suggested))
