"""What goes with an item: its neighbours in meaning, without duplicates of it or of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from catalog.models import Item
from search.embedding.spaces.lifecycle import active_space
from search.models import DuplicatePair
from search.models.duplicate import IS_DUPLICATE, PairState
from search.related.neighbours import item_vectors, nearest_items

SPARE = 20  # neighbours fetched beyond the limit, for duplicates that are left out
SAME_ITEM_COSINE = 0.9995  # texts that are equal but for a detail


@dataclass(frozen=True, slots=True)
class RelatedItem:
    """An item and its cosine to what was asked for; `is_variant` when curators said that it is a variant of that."""

    item: Item
    score: float
    is_variant: bool = False


def related_items(*, item: Item, limit: int = 6) -> list[RelatedItem]:
    """The nearest visible items of the collection, nearest first; empty while the item has no vector yet."""
    space = active_space()
    vector = item_vectors(space, [item.pk]).get(item.pk)
    if vector is None:
        return []
    found = nearest_items(item.collection, space, vector, limit=limit + SPARE)
    scores = {n: score for n, score, _ in found if n != item.pk and score < SAME_ITEM_COSINE}
    variants = _variants_of(item, scores)
    related = load_items(_one_of_each(item, scores)[:limit])
    return [replace(one, is_variant=one.item.pk in variants) for one in related]


def _variants_of(item: Item, others: Iterable[int]) -> set[int]:
    decided = DuplicatePair.objects.filter(state=PairState.VARIANT).order_by()
    pairs = decided.filter(first=item, second__in=list(others)) | decided.filter(second=item, first__in=list(others))
    return {pk for pair in pairs.values_list("first_id", "second_id") for pk in pair} - {item.pk}


def load_items(scored: Iterable[tuple[int, float]]) -> list[RelatedItem]:
    """The items of the ids, in their order; one that was deleted meanwhile is left out."""
    pairs = list(scored)
    items = Item.objects.light().select_related("collection").in_bulk([one for one, _ in pairs])
    return [RelatedItem(items[one], score) for one, score in pairs if one in items]


def _one_of_each(item: Item, scores: Mapping[int, float]) -> list[tuple[int, float]]:
    """What is neither the same thing as the item nor as a nearer one, nor a variant of a nearer one.

    By pairs that are confirmed or flagged, and by variants that were decided; those of the item itself stay.
    """
    ids = [item.pk, *scores]
    pairs = DuplicatePair.objects.filter(first__in=ids, second__in=ids).order_by()
    same = {frozenset(pair) for pair in pairs.filter(IS_DUPLICATE).values_list("first_id", "second_id")}
    variants = pairs.filter(state=PairState.VARIANT).exclude(first=item).exclude(second=item)
    same |= {frozenset(pair) for pair in variants.values_list("first_id", "second_id")}
    kept = [item.pk]
    for one in scores:
        if not any(frozenset((one, nearer)) in same for nearer in kept):
            kept.append(one)
    return [(one, scores[one]) for one in kept[1:]]
