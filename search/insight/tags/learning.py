"""Learning the values of a collection's facet attributes, and suggesting one for each item that has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from catalog.models import Collection, Run
from catalog.schemas import AttributeDefinition, parse_attribute_schema
from catalog.services.runs import Progress
from search.embedding.encoders.registry import encoder_of
from search.embedding.spaces.lifecycle import active_space
from search.insight.reading.neighbours import nearest
from search.insight.reading.vectors import Survey, survey, unit
from search.insight.review.store import MAX_VALUE, Found, replace_open
from search.insight.review.thresholds import threshold_of
from search.insight.runs import told
from search.insight.tags.posterior import Matrix, Posterior, learn
from search.models import EmbeddingSpace, ValueModel
from search.models.insight import SuggestionKind

TAG_NEIGHBOURS = 15
SAMPLE = 10_000  # items that a model is learnt from
MAX_VALUES = 200  # of one attribute, the most frequent
LEAST_PROBABILITY = 0.5  # probability of a suggestion, until decisions say otherwise


def work(run: Run, collection: Collection, progress: Progress) -> dict[str, Any]:
    """Learns every facet attribute in turn; a run that is taken up again goes on with the one it was at."""
    tell = told(run, progress)
    names = attributes_of(collection)
    done = list(run.detail.get("learnt", []))
    for name in (name for name in names if name not in done):
        tell(len(done), len(names), phase=name)
        suggest_missing(collection, name, on_progress=lambda _: tell(len(done), len(names)))
        done.append(name)
        run.detail = {**run.detail, "learnt": done}
    tell(len(names), len(names))
    return {"learnt": done}


def attributes_of(collection: Collection) -> list[str]:
    """The facets whose values are words."""
    schema = parse_attribute_schema(collection.attribute_schema)
    return [name for name, one in schema.items() if one.facet and one.type == "term"]


def suggest_missing(
    collection: Collection, attribute: str, *, on_progress: Callable[[int], None] = lambda done: None
) -> int:
    """Learns the attribute, and writes a suggestion for each item without a value whose value is sure enough."""
    space = active_space()
    found = survey(collection, space, attribute=attribute, on_progress=on_progress)
    values = values_of(found.values, definition_of(collection, attribute))
    if len(values) < 2 or len(found) <= len(values):
        ValueModel.objects.filter(collection=collection, attribute=attribute).delete()
        return replace_open(collection, SuggestionKind.TAG, attribute, [])
    posterior, smooth, rows = learn_values(space, found, values, definition_of(collection, attribute))
    save_model(collection, space, attribute, values, posterior, examples=sum(map(bool, found.values)))
    missing = [n for n, own in enumerate(found.values) if not own]
    least = threshold_of(collection, SuggestionKind.TAG, attribute, LEAST_PROBABILITY)
    probabilities = posterior.probabilities(smooth[missing])
    suggestions = [
        Found(
            int(found.ids[n]), float(own.max()), "", values[int(own.argmax())], tuple(found.ids[rows[n][:3]].tolist())
        )
        for n, own in zip(missing, probabilities, strict=True)
        if own.max() >= least
    ]
    return replace_open(collection, SuggestionKind.TAG, attribute, suggestions)


def definition_of(collection: Collection, attribute: str) -> AttributeDefinition:
    return parse_attribute_schema(collection.attribute_schema).get(attribute) or AttributeDefinition()


def values_of(values: Sequence[tuple[str, ...]], definition: AttributeDefinition) -> list[str]:
    """What can be suggested: what items have, the most frequent first, and what the schema describes."""
    counts = Counter(value for own in values for value in own if len(value) <= MAX_VALUE)
    frequent = [value for value, _ in counts.most_common(MAX_VALUES)]
    return list(dict.fromkeys([*definition.values, *frequent]))[:MAX_VALUES]


def learn_values(
    space: EmbeddingSpace, found: Survey, values: Sequence[str], definition: AttributeDefinition
) -> tuple[Posterior, Matrix, Any]:
    """The posterior, the smoothed vectors of all items, and the rows of each item's neighbours."""
    sample = _sample(found)
    own = np.full(len(found), -1, dtype=np.int64)
    own[sample] = np.arange(len(sample))
    among = found.vectors[sample]
    rows, _ = nearest(found.vectors, min(TAG_NEIGHBOURS, len(sample) - 1), among=among, own=own)
    smooth = unit(found.vectors + among[rows].mean(axis=1)) if rows.shape[1] else found.vectors
    descriptions = description_vectors(space, values, definition)
    known = known_shares([found.values[n] for n in sample], values)
    return learn(smooth[sample], descriptions, known, rows[sample]), smooth, sample[rows]


def description_vectors(space: EmbeddingSpace, values: Sequence[str], definition: AttributeDefinition) -> Matrix:
    """Of each value's name and what the schema says of it."""
    texts = [f"{value}: {definition.values[value]}" if definition.values.get(value) else value for value in values]
    return unit(encoder_of(space).encode_documents(texts))


def _sample(found: Survey) -> Any:
    if len(found) <= SAMPLE:
        return np.arange(len(found))
    return np.sort(np.random.default_rng(0).choice(len(found), SAMPLE, replace=False))


def known_shares(values: Sequence[tuple[str, ...]], names: Sequence[str]) -> Matrix:
    """A row for each item: an equal share for each of its values, zeros where it has none of these."""
    columns = {name: n for n, name in enumerate(names)}
    shares = np.zeros((len(values), len(names)), dtype=np.float32)
    for row, own in enumerate(values):
        known = [columns[value] for value in own if value in columns]
        if known:
            shares[row, known] = 1 / len(known)
    return shares


def save_model(
    collection: Collection,
    space: EmbeddingSpace,
    attribute: str,
    values: Sequence[str],
    posterior: Posterior,
    *,
    examples: int,
) -> None:
    table = np.vstack([posterior.weights, posterior.bias]).astype("<f4")
    ValueModel.objects.update_or_create(
        collection=collection,
        attribute=attribute,
        defaults={
            "space": space,
            "values": list(values),
            "weights": table.tobytes(),
            "examples": examples,
            "computed_at": timezone.now(),
        },
    )


def posterior_of(model: ValueModel) -> Posterior:
    table = np.frombuffer(bytes(model.weights), dtype="<f4").reshape(-1, len(model.values))
    return Posterior(table[:-1], table[-1])
