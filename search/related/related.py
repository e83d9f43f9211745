"""What goes with an item: its neighbours in meaning, without duplicates of it or of each other."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from catalog.models import Item
from search.embedding.spaces.lifecycle import active_space
from search.models import DuplicatePair
from search.models.duplicate import IS_DUPLICATE, PairState
from search.related.neighbours import item_vectors, nearest_items
from search.timing import stage

SPARE = 20  # neighbours fetched beyond the limit, for duplicates that are left out
SAME_ITEM_COSINE = 0.9995  # texts that are equal but for a detail


@dataclass(frozen=True, slots=True)
class RelatedItem:
    """An item and its cosine to what was asked for; `is_variant` when curators said that it is a variant of that."""

    item: Item
    score: float
    is_variant: bool = False


@stage("related.items")
def related_items(*, item: Item, limit: int = 6) -> list[RelatedItem]:
    """The nearest visible items of the collection, nearest first; empty while the item has no vector yet."""
    space = active_space()
    vector = item_vectors(space, [item.pk]).get(item.pk)
    if vector is None:
        return []
    found = nearest_items(item.collection, space, vector, limit=limit + SPARE)
    cosines = {n: score for n, score, _ in found if n != item.pk}
    variants, same = _pairs_among([item.pk, *cosines])
    own = {pk for pair in variants if item.pk in pair for pk in pair}
    copies = _of_the_same_text(item, list(cosines))
    scores = {n: one for n, one in cosines.items() if n in own or (n not in copies and one < SAME_ITEM_COSINE)}
    related = load_items(_one_of_each(item, scores, same | {pair for pair in variants if item.pk not in pair})[:limit])
    return [replace(one, is_variant=one.item.pk in own) for one in related]


def _pairs_among(ids: Sequence[int]) -> tuple[set[frozenset[int]], set[frozenset[int]]]:
    """The pairs that were decided to be variants, and those that are the same: confirmed, or flagged."""
    pairs = DuplicatePair.objects.filter(first__in=ids, second__in=ids).order_by()
    known = pairs.filter(IS_DUPLICATE | Q(state=PairState.VARIANT)).values_list("first_id", "second_id", "state")
    found: dict[bool, set[frozenset[int]]] = {True: set(), False: set()}
    for first, second, state in known:
        found[state == PairState.VARIANT].add(frozenset((first, second)))
    return found[True], found[False]


def _of_the_same_text(item: Item, ids: Sequence[int]) -> set[int]:
    """Copies of the item, which may differ in attributes and so in their vectors."""
    digest = Item.objects.filter(pk=item.pk).values("text_digest")[:1]
    return set(Item.objects.filter(pk__in=ids, text_digest=digest).values_list("pk", flat=True))


def load_items(scored: Iterable[tuple[int, float]]) -> list[RelatedItem]:
    """The items of the ids, in their order; one that was deleted meanwhile is left out."""
    pairs = list(scored)
    items = Item.objects.light().select_related("collection").in_bulk([one for one, _ in pairs])
    return [RelatedItem(items[one], score) for one, score in pairs if one in items]


def _one_of_each(item: Item, scores: Mapping[int, float], same: Container[frozenset[int]]) -> list[tuple[int, float]]:
    """What neither the item nor a nearer one stands for: one of some variants is enough, those of the item all stay."""
    kept = [item.pk]
    for one in scores:
        if not any(frozenset((one, nearer)) in same for nearer in kept):
            kept.append(one)
    return [(one, scores[one]) for one in kept[1:]]
