"""Reading pairs: the review queue, the pairs of one item, and the groups they form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from catalog.models import Collection, Item
from catalog.models.item import Status
from search.duplicates.review.clustering import groups
from search.models import DuplicatePair
from search.models.duplicate import ARE_VARIANTS, IS_APART, IS_DUPLICATE, PairState

MAX_STEPS = 3  # from an item to those whose pairs decide how its group is cut


def list_pairs(
    *, collection: Collection, state: str | None, limit: int, offset: int, is_visible_only: bool = False
) -> tuple[list[DuplicatePair], int]:
    """The pairs of a collection, best first, and how many there are; only those of two visible items if so asked."""
    pairs = DuplicatePair.objects.filter(collection=collection, **(_OF_VISIBLE if is_visible_only else {}))
    if state:
        pairs = pairs.filter(state=state)
    # The page is cut from the index; only its rows are read whole, with their items.
    ids = list(pairs.order_by("-score", "id").values_list("pk", flat=True)[offset : offset + limit])
    rows = DuplicatePair.objects.filter(pk__in=ids).select_related("first__collection", "second__collection")
    light = rows.defer("first__search_vector", "first__identifiers", "second__search_vector", "second__identifiers")
    return list(light.order_by("-score", "id")), pairs.count()


def pairs_of_item(item: Item) -> list[tuple[Item, DuplicatePair]]:
    """The other item and the pair, best first: pairs that are not dismissed, of items that are to be seen."""
    rows = _undecided_or_same().filter(Q(first=item) | Q(second=item))
    found = [
        (pair.second if pair.first_id == item.pk else pair.first, pair)
        for pair in rows.select_related("first__collection", "second__collection")
    ]
    return [(other, pair) for other, pair in found if other.is_visible]


def variants_of_item(item: Item) -> list[tuple[Item, DuplicatePair]]:
    """The items that are variants of this one, decided or suggested, likeliest first, as far as they are to be seen."""
    rows = DuplicatePair.objects.filter(ARE_VARIANTS).filter(Q(first=item) | Q(second=item))
    found = [
        (pair.second if pair.first_id == item.pk else pair.first, pair)
        for pair in rows.select_related("first__collection", "second__collection")
    ]
    return [(other, pair) for other, pair in found if other.is_visible]


def group_of_item(item: Item) -> list[int]:
    """The ids of the items that are the same thing as this one, itself among them; empty when there is none.

    Groups are cut on reading from confirmed and flagged pairs, so that chains do not swallow different things and no
    two items that were said not to be the same are in one. Every dismissed pair binds, whatever links its items.
    """
    reached, edge = {item.pk}, {item.pk}
    scores: dict[tuple[int, int], float] = {}
    for _ in range(MAX_STEPS):
        found = _links(Q(first__in=edge) | Q(second__in=edge))
        scores |= found
        edge = {one for pair in found for one in pair} - reached
        reached |= edge
    return next((group for group in groups(scores, apart_among(reached)) if item.pk in group), [])


def groups_of_collection(collection: Collection) -> list[list[int]]:
    """All groups of two or more items of the collection."""
    of_collection = Q(collection=collection)
    return groups(_links(of_collection), _apart(of_collection))


def apart_among(item_ids: Iterable[int]) -> set[tuple[int, int]]:
    """The pairs of these items that were said not to be the same."""
    ids = list(item_ids)
    return _apart(Q(first__in=ids, second__in=ids))


def _links(condition: Q) -> dict[tuple[int, int], float]:
    rows = _same().filter(condition).values_list("first_id", "second_id", "score", "state")
    return {
        (first, second): 1.0 + score if state == PairState.CONFIRMED else score for first, second, score, state in rows
    }


def _apart(condition: Q) -> set[tuple[int, int]]:
    dismissed = DuplicatePair.objects.filter(condition & IS_APART)
    return {(first, second) for first, second in dismissed.values_list("first_id", "second_id")}


def _undecided_or_same() -> QuerySet[DuplicatePair]:
    return DuplicatePair.objects.exclude(IS_APART).exclude(state=PairState.SUGGESTED, is_variant=True)


def _same() -> QuerySet[DuplicatePair]:
    """Confirmed and flagged pairs of items that are to be seen."""
    return DuplicatePair.objects.filter(IS_DUPLICATE, **_OF_VISIBLE)


_OF_VISIBLE: dict[str, Any] = {
    f"{side}__{name}": value
    for side in ("first", "second")
    for name, value in {"status": Status.PUBLISHED, "merged_into__isnull": True}.items()
}
