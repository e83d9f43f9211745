"""Filters and facets on real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection
from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import conditions_of
from search.retrieval.types import MODES, Filter, Mode
from tests.factories import facet, find, ids, shop_of

pytestmark = pytest.mark.django_db

every_mode = pytest.mark.parametrize("mode", MODES)

ITEMS = {
    "a": {"brand": "Norrdal", "price": 10, "colours": ["red", "blue"], "released": "2026-01-31"},
    "b": {"brand": "Norrdal", "price": 20.5, "colours": ["red"], "released": "2026-03-31T10:00:00Z"},
    "c": {"brand": "Tarnholt", "price": 100, "colours": [], "released": "2026-12-01"},
    "d": {"brand": 'it\'s "50 %" {off} \\', "price": "9", "colours": "red", "waterproof": True},
    "e": {"brand": None, "price": "NaN", "waterproof": "true", "released": 2026},
    "f": {"brand": "", "price": "cheap", "size": 42},
    "g": {"sizes": [36, "38", 44]},
}


@pytest.fixture
def shop() -> Collection:
    return shop_of(*({"external_id": key, "title": f"tent {key}", "attributes": value} for key, value in ITEMS.items()))


CASES = [
    (Filter("brand", terms=("Norrdal",)), "ab"),
    (Filter("brand", terms=("Norrdal", "Tarnholt")), "abc"),
    (Filter("brand", terms=("norrdal",)), ""),
    (Filter("brand", terms=('it\'s "50 %" {off} \\',)), "d"),
    (Filter("colours", terms=("red",)), "abd"),
    (Filter("colours", terms=("blue", "green")), "a"),
    (Filter("price", terms=("10",)), "a"),
    (Filter("price", terms=("10.0",)), "a"),
    (Filter("price", terms=("20.50",)), "b"),
    (Filter("size", terms=("42",)), "f"),
    (Filter("waterproof", terms=("true",)), "de"),
    (Filter("price", minimum=10), "abc"),
    (Filter("price", maximum=20.5), "abd"),
    (Filter("price", minimum=9, maximum=20), "ad"),
    (Filter("price", minimum=1000), ""),
    (Filter("sizes", minimum=37, maximum=40), "g"),
    (Filter("sizes", minimum=39, maximum=43), ""),  # two elements together do not make one between
    (Filter("released", minimum="2026-02-01"), "bc"),
    (Filter("released", maximum="2026-03-31"), "ab"),
    (Filter("released", minimum="2026-03-31", maximum="2026-03-31"), "b"),
    (Filter("brand", exists=True), "abcd"),
    (Filter("brand", exists=False), "efg"),
    (Filter("colours", exists=True), "abd"),
    (Filter("no such attribute", exists=False), "abcdefg"),
    (Filter("no such attribute", terms=("x",)), ""),
    (Filter("brand", terms=("Norrdal",), exists=True), "ab"),
]


@pytest.mark.parametrize(("one", "expected"), CASES)
def test_a_filter_keeps_what_fits_it_with_and_without_a_query(shop: Collection, one: Filter, expected: str) -> None:
    for query_text in ("tent", ""):
        result = find(shop, query_text, filters=(one,), limit=50)
        assert sorted(ids(result)) == list(expected)
        assert result.total == len(expected)


@every_mode
def test_filters_hold_for_every_leg_and_all_together(shop: Collection, mode: Mode) -> None:
    filters = (Filter("colours", terms=("red",)), Filter("price", maximum=15))
    assert sorted(ids(find(shop, "tent", mode=mode, filters=filters))) == ["a", "d"]


def test_values_are_bound_and_never_part_of_the_sql() -> None:
    conditions = conditions_of([Filter("'; --", terms=("'); DROP", "%s")), Filter("x", minimum=1, maximum="2")])
    assert "DROP" not in conditions.sql and "--" not in conditions.sql
    assert conditions.sql.startswith(" AND ")


def test_facets_count_the_values_of_all_candidates_most_frequent_first(shop: Collection) -> None:
    facets = find(shop, "tent", limit=1, facets=("brand", "colours")).facets
    assert [(v.value, v.count) for v in facets["colours"]] == [("red", 3), ("blue", 1)]
    assert (facets["brand"][0].value, facets["brand"][0].count) == ("Norrdal", 2)
    assert "" not in [v.value for v in facets["brand"]]


@pytest.mark.parametrize("query_text", ["tent", ""])
def test_a_facet_ignores_its_own_selection_and_obeys_the_others(shop: Collection, query_text: str) -> None:
    filters = (Filter("brand", terms=("Norrdal",)), Filter("colours", terms=("red",)))
    result = find(shop, query_text, filters=filters, facets=("brand", "colours", "price"))
    assert facet(result, "brand") == {"Norrdal": 2, 'it\'s "50 %" {off} \\': 1}
    assert facet(result, "colours") == {"red": 2, "blue": 1}
    assert facet(result, "price") == {"10": 1, "20.5": 1}
    assert [v.value for v in result.facets["brand"] if v.is_selected] == ["Norrdal"]


def test_a_selected_value_that_nothing_has_is_shown_with_zero(shop: Collection) -> None:
    result = find(shop, "tent", filters=(Filter("brand", terms=("Nobody",)),), facets=("brand",))
    assert result.total == 0 and facet(result, "brand")["Nobody"] == 0


def test_equal_numbers_are_one_value_of_a_facet_however_they_are_written() -> None:
    shop = shop_of(*({"title": "tent", "attributes": {"price": price}} for price in (5, 5.0, 5.5)))
    assert facet(find(shop, "tent", facets=("price",)), "price") == {"5": 2, "5.5": 1}
    selected = find(shop, "tent", facets=("price",), filters=(Filter("price", terms=("5.0",)),))
    assert [(v.value, v.count, v.is_selected) for v in selected.facets["price"]] == [("5", 2, True), ("5.5", 1, False)]


def test_a_whole_number_too_large_for_a_float_is_found_exactly() -> None:
    shop = shop_of(*({"title": "tent", "attributes": {"code": 9_007_199_254_740_993 + n}} for n in (0, 1)))
    assert ids(find(shop, "tent", filters=(Filter("code", terms=("9007199254740993",)),))) == ["i0"]


def test_a_rare_filter_still_returns_a_full_page() -> None:
    """The items with the mark are farther from the query than all the others."""
    shares = {"half": 2, "some": 20, "few": 60}
    shop = shop_of(
        *(
            {
                "title": "tent" if n % 2 else "a tent of another kind",
                "attributes": {"marks": [mark for mark, share in shares.items() if n % share == 0]},
            }
            for n in range(600)
        )
    )
    for mark in shares:
        for mode in MODES:
            result = find(shop, "tent", mode=mode, filters=(Filter("marks", terms=(mark,)),))
            assert len(result.hits) == 10, (mark, mode)
            assert all(mark in hit.attributes["marks"] for hit in result.hits)


def test_a_filter_that_leaves_few_items_is_answered_exactly(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = conditions_of([Filter("brand", terms=("Norrdal",))])
    words = QueryWords((), 7, 1.0)
    assert legs.few_left(shop, conditions, words) is not None
    monkeypatch.setattr(legs, "EXACT_BELOW", 1)
    assert legs.few_left(shop, conditions, words) is None


ODD = "it's 5% \\ of {all}"


@pytest.mark.parametrize("name", ["length", ODD])
def test_the_span_of_numbers_leaves_out_nothing_that_is_in_range(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values: tuple[Any, ...] = (3, 7.5, "8", [1, 12], ["2", "x"], [], "abc", True, None, "nan", -4, "1e3")
    shop = shop_of(
        *({"external_id": str(n), "title": "tent", "attributes": {name: value}} for n, value in enumerate(values)),
        attribute_schema={name: {"type": "number"}},
    )
    ranges = [Filter(name, minimum=low, maximum=high) for low in (None, 2, 7.5) for high in (3, 12, None)][:-1]
    ranges += [Filter(name, above=3), Filter(name, below=8, minimum=3)]
    for one in ranges:
        by_bounds = sorted(ids(find(shop, "tent", filters=(one,))))
        with monkeypatch.context() as large:
            large.setattr(legs, "MIN_RANGED_ITEMS", 0)
            by_span = sorted(ids(find(shop, "tent", filters=(one,))))
        assert by_span == by_bounds
    assert sorted(ids(find(shop, "tent", filters=(Filter(name, minimum=8, maximum=12),)))) == ["2", "3"]
