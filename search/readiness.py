"""Bringing a collection into the state in which it is searched best, now and not at beat's next turn."""

from __future__ import annotations

from catalog.models import Collection
from search.retrieval import calibration, indexes, statistics


def make_ready(collection: Collection) -> None:
    """Counts its words, calibrates its bands and builds its indexes. Call it when its items are embedded."""
    statistics.refresh(collection.pk)
    indexes.build_missing()
    calibration.calibrate(collection)
