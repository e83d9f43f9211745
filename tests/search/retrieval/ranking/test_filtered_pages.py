"""Filters on a query: the answer from what was found without them, and by a search within them, are one answer."""

from __future__ import annotations

import pytest

from catalog.models import Collection
from search.retrieval import search
from search.retrieval.ranking import legs
from search.retrieval.types import Filter, Sort
from tests.factories import all_pages, facet, find, ids, shop_of

pytestmark = pytest.mark.django_db

KINDS = ("dome tent", "iron pan", "oil lamp", "wool blanket", "garden rake")
RED = (Filter("colour", terms=("red",)),)


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        *(
            {
                "external_id": f"{kind.split()[1]}{n}",
                "title": f"{kind} {n}",
                "body": f"word{n % 7} of its kind",
                "attributes": {"colour": ("red", "green", "blue")[n % 3], "price": n},
            }
            for kind in KINDS
            for n in range(60)
        ),
        attribute_schema={"colour": {"type": "term", "facet": True}, "price": {"type": "number", "facet": True}},
    )


def searched_within(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rankings each search took."""
    counted: list[int] = []
    retrieve = legs.retrieve

    def counting(**options: object) -> legs.Candidates:
        counted.append(1)
        return retrieve(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(legs, "retrieve", counting)
    return counted


def test_a_page_of_what_was_found_anyway_takes_one_ranking(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = searched_within(monkeypatch)
    result = find(shop, "dome tent word3", filters=RED)
    assert len(counted) == 1 and len(result.hits) == 10
    assert {hit.attributes["colour"] for hit in result.hits} == {"red"}
    counted.clear()
    assert len(find(shop, "dome tent word3", filters=(Filter("price", minimum=58),)).hits) == 10
    assert len(counted) == 2


def test_the_answer_is_that_of_a_search_within_the_filters(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    short = find(shop, "dome tent word3", filters=RED, facets=("colour",), limit=20)
    monkeypatch.setattr(search, "PLENTY", 1_000)
    long = find(shop, "dome tent word3", filters=RED, facets=("colour",), limit=20)
    assert ids(short) == ids(long)
    assert (short.total, short.facets, short.next_offset) == (long.total, long.facets, long.next_offset)
    assert [hit.band for hit in short.hits] == [hit.band for hit in long.hits]
    assert facet(short, "colour")["red"] == short.total


@pytest.mark.parametrize("limit", [5, 7])
def test_no_item_is_on_two_pages_or_on_none(shop: Collection, limit: int) -> None:
    found = all_pages(shop, "dome tent word3", limit=limit, filters=RED)
    assert len(found) == len(set(found)) == 100
    assert all(external_id.startswith("tent") for external_id in found[:20])


def test_of_relevant_items_in_another_order_each_is_there(shop: Collection) -> None:
    sort = Sort("price", is_descending=True)
    found = find(shop, "dome tent", filters=RED, sort=sort, limit=10)
    prices = [hit.attributes["price"] for hit in found.hits]
    assert prices == sorted(prices, reverse=True) and len(prices) == 10
