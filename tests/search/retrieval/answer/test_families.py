"""A page is not filled by one family of items, and no item is lost or shown twice for that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Collection
from search.retrieval.answer.bands import BANDS
from search.retrieval.answer.families import FIRST_PAGE, MOST_OF_A_FAMILY, are_alike, is_named, spread, stems_of
from search.retrieval.types import SearchResult
from tests.factories import all_pages, find, ids, shop_of

PLUGINS = [f"Tarpal extension for playing music from source{n}" for n in range(7)]
OTHERS = ["terminal player of tunes", "console jukebox", "shell radio", "small synthesiser", "music daemon client"]
WORD = st.sampled_from(["tarpal", "extension", "for", "music", "radio", "shell", "box"])
TITLES = st.lists(st.lists(WORD, min_size=1, max_size=5).map(tuple), max_size=30)


def all_near(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.ones((count, count), dtype=bool)


def titles_of(*texts: str) -> list[tuple[str, ...]]:
    return [stems_of(text, "english") for text in texts]


def test_the_surplus_of_a_family_follows_the_others() -> None:
    titles = titles_of(*PLUGINS, *OTHERS)
    assert spread(titles, all_near(12), frozenset(stems_of("tunes in a shell", "english"))) == [
        *(0, 1, 2, 7, 8, 9, 10, 11),
        *(3, 4, 5, 6),
    ]


@pytest.mark.parametrize("query", ["tarpal", "extension for playing music"])
def test_a_family_that_the_query_names_stays_together(query: str) -> None:
    asked = frozenset(stems_of(query, "english"))
    assert spread(titles_of(*PLUGINS, *OTHERS), all_near(12), asked) == list(range(12))


def test_items_of_one_title_that_mean_something_else_are_no_family() -> None:
    assert spread(titles_of(*PLUGINS), ~all_near(7), frozenset()) == list(range(7))


@given(TITLES, st.frozensets(WORD))
def test_every_hit_stays_once_and_the_rest_keeps_its_order(
    titles: list[tuple[str, ...]], asked: frozenset[str]
) -> None:
    order = spread(titles, all_near(len(titles)), asked)
    assert sorted(order) == list(range(len(titles)))
    behind = order[FIRST_PAGE:]
    assert order[0:1] == [0][: len(titles)] and len(behind) == max(len(titles) - FIRST_PAGE, 0)


def test_titles_are_alike_by_most_words_or_by_their_beginning() -> None:
    alike = ("red dome tent for two", "red dome tent for four people in summer")
    assert are_alike(*titles_of(*alike))
    assert not are_alike(*titles_of("red dome tent", "red wool hat"))
    assert not are_alike((), ())
    two, four = titles_of(*alike)
    assert is_named(two, four, frozenset({"red"})) and not is_named(two, four, frozenset({"two"}))


@pytest.fixture
def music() -> Collection:
    """The plug-ins have more of the query than the others."""
    body, more = "plays music in a terminal", "with albums and a queue, albums and albums in a terminal"
    return shop_of(
        *({"external_id": f"plug{n}", "title": title, "body": f"{body} {more}"} for n, title in enumerate(PLUGINS)),
        *({"external_id": f"other{n}", "title": title, "body": f"{body} albums"} for n, title in enumerate(OTHERS)),
        *({"external_id": f"else{n}", "title": f"kitchen scale {n}", "body": "weighs flour"} for n in range(60)),
    )


def bands_of(result: SearchResult) -> list[int]:
    return [BANDS.index(hit.band) for hit in result.hits]


@pytest.mark.django_db
def test_the_first_hits_are_of_several_families(music: Collection) -> None:
    result = find(music, "albums in a terminal", limit=20)
    first = ids(result)[: MOST_OF_A_FAMILY + len(OTHERS)]
    assert sum(item.startswith("plug") for item in first) == MOST_OF_A_FAMILY
    assert bands_of(result) == sorted(bands_of(result))
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert result.total >= len(PLUGINS) + len(OTHERS)


@pytest.mark.django_db
def test_who_asks_for_the_family_gets_it(music: Collection) -> None:
    assert {item[:4] for item in ids(find(music, "tarpal albums", limit=len(PLUGINS)))} == {"plug"}


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 4, 7])
def test_pages_of_any_size_have_the_same_hits_once(music: Collection, limit: int) -> None:
    whole = ids(find(music, "albums in a terminal", limit=100))
    assert all_pages(music, "albums in a terminal", limit=limit) == whole
    assert len(set(whole)) == len(whole)
