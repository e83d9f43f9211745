"""What goes with an item: its neighbours in meaning, without its duplicates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from catalog.models import Item
from search.embedding.spaces import active_space
from search.models import DuplicatePair
from search.models.duplicate import IS_DUPLICATE
from search.related.neighbours import item_vectors, nearest_items

SPARE = 20  # neighbours fetched beyond the limit, for duplicates that are left out
SAME_ITEM_COSINE = 0.9995  # texts that are equal but for a detail


@dataclass(frozen=True, slots=True)
class RelatedItem:
    """An item and its cosine to what was asked for."""

    item: Item
    score: float


def related_items(*, item: Item, limit: int = 6) -> list[RelatedItem]:
    """The nearest visible items of the collection, nearest first; empty while the item has no vector yet."""
    space = active_space()
    vector = item_vectors(space, [item.pk]).get(item.pk)
    if vector is None:
        return []
    left_out = duplicate_ids(item) | {item.pk}
    found = nearest_items(item.collection, space, vector, limit=limit + SPARE)
    scores = {n: score for n, score, _ in found if n not in left_out and score < SAME_ITEM_COSINE}
    return load_items(list(scores.items())[:limit])


def load_items(scored: Iterable[tuple[int, float]]) -> list[RelatedItem]:
    """The items of the ids, in their order; one that was deleted meanwhile is left out."""
    pairs = list(scored)
    items = Item.objects.light().select_related("collection").in_bulk([one for one, _ in pairs])
    return [RelatedItem(items[one], score) for one, score in pairs if one in items]


def duplicate_ids(item: Item) -> set[int]:
    """The items that are the same thing, confirmed or flagged."""
    pairs = (
        DuplicatePair.objects.filter(Q(first=item) | Q(second=item))
        .filter(IS_DUPLICATE)
        .values_list("first_id", "second_id")
    )
    return {one for pair in pairs for one in pair}
