"""Reading pairs: the review queue and the pairs of one item."""

from __future__ import annotations

from django.db.models import Q

from catalog.models import Collection, Item
from search.models import DuplicatePair


def list_pairs(
    *, collection: Collection, state: str | None, limit: int, offset: int
) -> tuple[list[DuplicatePair], int]:
    """The pairs of a collection, best first, and how many there are."""
    pairs = DuplicatePair.objects.filter(collection=collection).select_related("first", "second")
    if state:
        pairs = pairs.filter(state=state)
    return list(pairs[offset : offset + limit]), pairs.count()


def pairs_of_item(item: Item) -> list[tuple[Item, DuplicatePair]]:
    """The other item and the pair, for each pair that is not dismissed."""
    pairs = DuplicatePair.objects.filter(Q(first=item) | Q(second=item)).exclude(state="dismissed")
    return [
        (pair.second if pair.first_id == item.pk else pair.first, pair)
        for pair in pairs.select_related("first__collection", "second__collection")
    ]
