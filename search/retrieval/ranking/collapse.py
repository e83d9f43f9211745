"""Leaves one hit of those that are duplicates of each other, where the collection asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from catalog.models import Item
from search.models import DuplicatePair
from search.models.duplicate import IS_DUPLICATE, PairState
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.types import Twin


def collapse(prepared: Prepared, ranked: Ranked) -> Ranked:
    """Drops a candidate that is a direct duplicate of one that ranks before it and stays.

    Only pairs count, so that a chain of similar items is not swallowed by its first link.
    """
    if not prepared.settings.collapse_duplicates:
        return ranked
    partners = _partners(ranked.ids)
    kept: list[int] = []
    dropped: dict[int, list[int]] = defaultdict(list)
    for position, item_id in enumerate(ranked.ids):
        keeper = next((one for one in partners.get(item_id, ()) if one in dropped), None)
        if keeper is None:
            kept.append(position)
            dropped[item_id] = []
        else:
            dropped[keeper].append(item_id)
    chosen = np.array(kept, dtype=np.int64)
    collapsed = {keeper: tuple(others) for keeper, others in dropped.items() if others}
    return replace(ranked.picked(chosen), collapsed=collapsed)


def _partners(ids: list[int]) -> Mapping[int, list[int]]:
    """The duplicates of each item among the others, in the order of their rank."""
    rank = {item_id: n for n, item_id in enumerate(ids)}
    partners: dict[int, list[int]] = defaultdict(list)
    pairs = DuplicatePair.objects.filter(IS_DUPLICATE, first__in=ids, second__in=ids)
    for first, second in pairs.values_list("first_id", "second_id"):
        partners[first].append(second)
        partners[second].append(first)
    return {item_id: sorted(others, key=rank.__getitem__) for item_id, others in partners.items()}


def twins_of(ranked: Ranked, page: list[int]) -> dict[int, tuple[Twin, ...]]:
    """What was collapsed into each hit of the page."""
    collapsed = {item_id: ranked.collapsed[item_id] for item_id in page if item_id in ranked.collapsed}
    return _named(collapsed)


def variants_among(ids: Sequence[int], page: Sequence[int]) -> dict[int, tuple[Twin, ...]]:
    """The variants of each hit of the page among all that was found. They are hits of their own, never collapsed."""
    rank = {item_id: n for n, item_id in enumerate(ids)}
    found: dict[int, list[int]] = defaultdict(list)
    decided = DuplicatePair.objects.filter(state=PairState.VARIANT).order_by()
    pairs = decided.filter(first__in=page, second__in=ids) | decided.filter(first__in=ids, second__in=page)
    for first, second in pairs.values_list("first_id", "second_id"):
        found[first].append(second)
        found[second].append(first)
    wanted = {item_id: sorted(found[item_id], key=rank.__getitem__) for item_id in page if item_id in found}
    return _named(wanted)


def _named(groups: Mapping[int, Sequence[int]]) -> dict[int, tuple[Twin, ...]]:
    wanted = [other for others in groups.values() for other in others]
    if not wanted:
        return {}
    rows = Item.objects.filter(pk__in=wanted).values_list("pk", "external_id", "title")
    twins = {pk: Twin(external_id, title) for pk, external_id, title in rows}
    return {item_id: tuple(twins[other] for other in others if other in twins) for item_id, others in groups.items()}
