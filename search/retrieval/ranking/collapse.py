"""Leaves one hit of those that are duplicates of each other, unless the collection wants them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from django.db import connection

from catalog.models import Item
from search.models.duplicate import PairState
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.types import Twin
from search.timing import stage

Partners = dict[int, tuple[int, ...]]
Twins = dict[int, tuple[Twin, ...]]


# As arrays: of a list PostgreSQL and its driver would read each of the hundreds of ids as a parameter of its own.
PAIRS = """
    SELECT first_id, second_id, state FROM search_duplicatepair
    WHERE first_id = ANY(%(ids)s) AND second_id = ANY(%(ids)s)
      AND (state IN ('confirmed', 'variant') OR state = 'suggested' AND is_flagged)
"""


@stage("search.collapse")
def collapse(prepared: Prepared, ranked: Ranked) -> Ranked:
    """Drops a candidate that is a direct duplicate of one that ranks before it and stays; notes decided variants.

    Only pairs count, so that a chain of similar items is not swallowed by its first link. Variants are hits of their
    own, never collapsed.
    """
    duplicates, variants = _partners(ranked.ids)
    ranked = replace(ranked, variants=variants)
    if not duplicates or not prepared.settings.collapse_duplicates:
        return ranked
    kept: list[int] = []
    dropped: dict[int, list[int]] = defaultdict(list)
    for position, item_id in enumerate(ranked.ids):
        keeper = next((one for one in duplicates.get(item_id, ()) if one in dropped), None)
        if keeper is None:
            kept.append(position)
            dropped[item_id] = []
        else:
            dropped[keeper].append(item_id)
    chosen = np.array(kept, dtype=np.int64)
    collapsed = {keeper: tuple(others) for keeper, others in dropped.items() if others}
    return replace(ranked.picked(chosen), collapsed=collapsed)


def _partners(ids: list[int]) -> tuple[Partners, Partners]:
    """The duplicates and the variants of each item among the others, in the order of their rank."""
    rank = {item_id: n for n, item_id in enumerate(ids)}
    partners: dict[bool, dict[int, list[int]]] = {True: defaultdict(list), False: defaultdict(list)}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {"ids": ids})
        for first, second, state in cursor.fetchall():
            found = partners[state == PairState.VARIANT]
            found[first].append(second)
            found[second].append(first)
    ordered = {
        kind: {one: tuple(sorted(found[one], key=rank.__getitem__)) for one in found}
        for kind, found in partners.items()
    }
    return ordered[False], ordered[True]


def twins_of(ranked: Ranked, page: Sequence[int]) -> tuple[Twins, Twins]:
    """What was collapsed into each hit of the page, and its variants among all that was found."""
    found = set(ranked.ids)
    collapsed = {one: ranked.collapsed[one] for one in page if one in ranked.collapsed}
    variants = {
        one: [other for other in ranked.variants[one] if other in found] for one in page if one in ranked.variants
    }
    named = _named({*chain(*collapsed.values()), *chain(*variants.values())})
    return _of(named, collapsed), _of(named, variants)


def _named(ids: set[int]) -> dict[int, Twin]:
    if not ids:
        return {}
    rows = Item.objects.filter(pk__in=ids).values_list("pk", "external_id", "title")
    return {pk: Twin(external_id, title) for pk, external_id, title in rows}


def _of(named: Mapping[int, Twin], groups: Mapping[int, Sequence[int]]) -> Twins:
    return {item_id: tuple(named[other] for other in others if other in named) for item_id, others in groups.items()}
