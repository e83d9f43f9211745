"""What goes with an item: its neighbours in meaning, without duplicates of it or of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog.models import Item
from search.embedding.spaces.lifecycle import active_space
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
    found = nearest_items(item.collection, space, vector, limit=limit + SPARE)
    same = _of_the_same_text(item, [n for n, _, _ in found])
    scores = {n: score for n, score, _ in found if n not in same and score < SAME_ITEM_COSINE}
    return load_items(_one_of_each(item, scores)[:limit])


def _of_the_same_text(item: Item, ids: Sequence[int]) -> set[int]:
    """The item and its copies, which may differ in attributes and so in their vectors."""
    digest = Item.objects.filter(pk=item.pk).values("text_digest")[:1]
    return {item.pk, *Item.objects.filter(pk__in=ids, text_digest=digest).values_list("pk", flat=True)}


def load_items(scored: Iterable[tuple[int, float]]) -> list[RelatedItem]:
    """The items of the ids, in their order; one that was deleted meanwhile is left out."""
    pairs = list(scored)
    items = Item.objects.light().select_related("collection").in_bulk([one for one, _ in pairs])
    return [RelatedItem(items[one], score) for one, score in pairs if one in items]


def _one_of_each(item: Item, scores: Mapping[int, float]) -> list[tuple[int, float]]:
    """What is neither the same thing as the item nor as a nearer one, by pairs that are confirmed or flagged."""
    ids = [item.pk, *scores]
    pairs = DuplicatePair.objects.filter(IS_DUPLICATE, first__in=ids, second__in=ids).order_by()
    same = {frozenset(pair) for pair in pairs.values_list("first_id", "second_id")}
    kept = [item.pk]
    for one in scores:
        if not any(frozenset((one, nearer)) in same for nearer in kept):
            kept.append(one)
    return [(one, scores[one]) for one in kept[1:]]
