"""Not a page of one family: of items with much the same title and meaning, only a few come among the first hits.

A family is no set of duplicates: its members are hits of their own. They lose their place on the first page to what is
relevant, too, and of another family, unless the query names them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from search.retrieval.answer.bands import EXACT, WEAK
from search.retrieval.query.stemming import stem
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.types import SearchRequest
from search.timing import stage

FIRST_PAGE: Final = 10  # hits, whatever the page's size, so that pages of all sizes have one order
MOST_OF_A_FAMILY: Final = 3  # on it
WINDOW: Final = 50  # hits that are looked at
NEAR: Final = 0.7  # cosine of two members
ALIKE: Final = 0.5  # of the words of both titles are in each
OPENING: Final = 3  # words that both titles begin with, else

TITLES = "SELECT i.id, i.title FROM catalog_item i WHERE i.id = ANY(%(ids)s)"

_WORD = re.compile(r"\w+")

Title = tuple[str, ...]  # stems, in their order


@stage("search.families")
def spread_families(request: SearchRequest, prepared: Prepared, ranked: Ranked) -> Ranked:
    """The ranking with the surplus of families behind the first page, before what is weak.

    What comes later has no better band, and no larger score, than what it comes after.
    """
    window = np.flatnonzero((ranked.levels > EXACT) & (ranked.levels < WEAK))[:WINDOW]
    if prepared.space is None or len(window) <= MOST_OF_A_FAMILY:
        return ranked
    vectors = ranked.candidates.vectors[ranked.order[window]]
    is_near = np.tril(vectors @ vectors.T >= NEAR, -1)
    if is_near.sum(axis=1).max() < MOST_OF_A_FAMILY:
        return ranked
    language = request.collection.language
    titles = _titles(ranked.candidates.ids[ranked.order[window]].tolist(), language)
    asked = frozenset(lexeme for word in prepared.words.words for lexeme in word.lexemes)
    places = window[spread(titles, is_near, asked)]
    order = np.arange(len(ranked.order))
    order[window] = places
    spread_out = ranked.picked(order)
    levels = np.maximum.accumulate(spread_out.levels)
    return replace(spread_out, levels=levels, scores=np.minimum.accumulate(spread_out.scores))


def spread(titles: Sequence[Title], is_near: NDArray[np.bool_], asked: frozenset[str]) -> list[int]:
    """The places of all hits in their new order.

    `is_near` says of two hits whether they mean much the same, `asked` are the query's stems without stop words.
    """
    first: list[int] = []
    surplus: list[int] = []
    for place, title in enumerate(titles):
        if len(first) == FIRST_PAGE:
            break
        family = [n for n in first if is_near[place, n] and are_alike(titles[n], title)]
        is_surplus = len(family) >= MOST_OF_A_FAMILY and not is_named(titles[family[0]], title, asked)
        (surplus if is_surplus else first).append(place)
    seen = {*first, *surplus}
    return [*first, *surplus, *(place for place in range(len(titles)) if place not in seen)]


def are_alike(a: Title, b: Title) -> bool:
    """Whether the titles share most of their words, or what they begin with."""
    if not a or not b:
        return False
    both, either = set(a) & set(b), set(a) | set(b)
    return len(both) >= ALIKE * len(either) or (len(a) >= OPENING and a[:OPENING] == b[:OPENING])


def is_named(a: Title, b: Title, asked: frozenset[str]) -> bool:
    """Whether the query has the name that both titles begin with, or half of the words that they share."""
    shared = set(a) & set(b)
    return len(shared & asked) * 2 >= len(shared) or (a[:1] == b[:1] and a[0] in asked)


def stems_of(text: str, language: str) -> Title:
    return tuple(stem(word, language) for word in _WORD.findall(text.lower()))


def _titles(ids: list[int], language: str) -> list[Title]:
    with connection.cursor() as cursor:
        cursor.execute(TITLES, {"ids": ids})
        titles = dict(cursor.fetchall())
    return [stems_of(titles.get(item_id, ""), language) for item_id in ids]
