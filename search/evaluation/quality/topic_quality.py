"""How well topics agree with what people say the items are about, and whether they stay when items are added."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from catalog.models import Collection
from catalog.services.items import upsert_items
from search.embedding.waiting import wait_until_embedded
from search.evaluation.datasets import LabelledDataset
from search.evaluation.scratch import BATCH_SIZE, scratch_collection
from search.insight.topics.computing import compute_topics
from search.models import ItemTopic

NEW_SHARE = 0.1  # of the items that were there, added before the second run


@dataclass(frozen=True, slots=True)
class TopicFigures:
    """`stability` is the share of unchanged items whose fine topic the second run left as it was."""

    nmi: float
    unassigned: float
    stability: float
    coarse: int
    fine: int


def evaluate_topics(
    dataset: LabelledDataset, *, on_progress: Callable[[int], None] = lambda done: None
) -> TopicFigures:
    """Items -> topics -> a tenth more items -> topics again -> topics in the set's own number, against its values."""
    items = sorted(dataset.items, key=lambda item: item.external_id)
    random.Random(0).shuffle(items)
    first = round(len(items) / (1 + NEW_SHARE))
    with scratch_collection(items[:first], on_progress=on_progress) as collection:
        found = compute_topics(collection)
        before = _topics(collection)
        for start in range(first, len(items), BATCH_SIZE):
            upsert_items(collection=collection, entries=items[start : start + BATCH_SIZE])
        wait_until_embedded(collection, on_progress=lambda p: on_progress(p.embedded), patience=0)
        again = compute_topics(collection, learnt_from=found.get("learnt_from", 0))
        after = _topics(collection)
        compute_topics(collection, coarse_number=len(set(dataset.values.values())))
        own = _topics(collection, "topic__parent")
    kept = sum(after.get(external_id) == topic for external_id, topic in before.items())
    return TopicFigures(
        nmi=_nmi(dataset, own),
        unassigned=1 - len(after) / len(items),
        stability=kept / max(len(before), 1),
        coarse=again.get("coarse", 0),
        fine=again.get("fine", 0),
    )


def _topics(collection: Collection, column: str = "topic") -> dict[str, int]:
    rows = ItemTopic.objects.filter(collection=collection).values_list("item__external_id", column)
    return dict(rows)


def _nmi(dataset: LabelledDataset, topics: dict[str, int]) -> float:
    """Normalised mutual information; items without a topic are a topic of their own."""
    from sklearn.metrics import normalized_mutual_info_score

    pairs: list[tuple[Any, Any]] = [(value, topics.get(name, -1)) for name, value in dataset.values.items()]
    return float(normalized_mutual_info_score([true for true, _ in pairs], [found for _, found in pairs]))
