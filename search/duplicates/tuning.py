"""Which weights score the pairs of a collection: the defaults, or what a person applied from its decisions."""

from __future__ import annotations

from catalog.models import Collection
from search.duplicates.scoring import DEFAULT, Scorer


def scorer_of(collection: Collection) -> Scorer:
    """The scorer of the collection."""
    return DEFAULT
