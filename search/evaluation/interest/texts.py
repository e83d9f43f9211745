"""The vectors of a log's items: from a collection that has them, or from a file that is embedded for the occasion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.importing.lines import open_lines
from catalog.models import Collection, Item
from catalog.services.collections import get_collection
from search.embedding.spaces.lifecycle import active_space
from search.evaluation.scratch import scratch_collection
from search.insight.reading.vectors import survey

LEAST_SHARE = 0.5  # of a log's items that a collection has, to be the one that is meant
SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Texts:
    """Row n is the vector of item n, zeros where it has none; None where no item has one."""

    vectors: NDArray[np.float32] | None
    known: int
    source: str


def vectors_of(items: Sequence[str], *, slug: str | None, file: Path | None) -> Texts:
    """Of a named collection, a file, or the collection that has most of them. Raises NotFound or InvalidInput."""
    if slug is not None:
        return _of_collection(items, get_collection(slug=slug), slug)
    if file is not None:
        with open_lines(file) as lines:
            wanted = set(items)
            entries = [line.item for line in lines if line.item is not None and line.item.external_id in wanted]
        with scratch_collection(entries) as collection:
            return _of_collection(items, collection, file.name)
    likely = _likely_collection(items)
    return Texts(None, 0, "") if likely is None else _of_collection(items, likely, likely.slug)


def _likely_collection(items: Sequence[str]) -> Collection | None:
    """The one that has most of a sample of the items, and half of it at least."""
    step = max(1, len(items) // SAMPLE)
    sample = items[::step]
    rows = Item.objects.visible().filter(external_id__in=sample).order_by().values_list("collection", flat=True)
    counts: dict[int, int] = {}
    for pk in rows:
        counts[pk] = counts.get(pk, 0) + 1
    best = max(counts, key=lambda pk: (counts[pk], -pk), default=None)
    if best is None or counts[best] < LEAST_SHARE * len(sample):
        return None
    return Collection.objects.filter(pk=best).first()


def _of_collection(items: Sequence[str], collection: Collection, source: str) -> Texts:
    found = survey(collection, active_space())
    names = dict(collection.items.values_list("pk", "external_id"))
    rows = {names[pk]: n for n, pk in enumerate(found.ids.tolist()) if pk in names}
    vectors = np.zeros((len(items), found.vectors.shape[1]), dtype=np.float32)
    known = [(n, rows[item]) for n, item in enumerate(items) if item in rows]
    if not known:
        return Texts(None, 0, source)
    vectors[[n for n, _ in known]] = found.vectors[[row for _, row in known]]
    return Texts(vectors, len(known), source)
