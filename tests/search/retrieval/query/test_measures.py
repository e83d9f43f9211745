"""What a query says of numbers in words becomes filters that are told and can be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection
from search.retrieval.query.measures import read_measures
from search.retrieval.types import Filter, SearchRequest
from tests.factories import find, ids, shop_of

pytestmark = pytest.mark.django_db

SCHEMA = {
    "price": {"type": "number", "facet": True, "label": "Price in euros"},
    "weight_g": {"type": "number"},
    "capacity": {"type": "number", "label": "Capacity in litres"},
    "size": {"type": "term"},
    "sku": {"type": "term", "identifier": True},
}

FOR_FOUR = ("4 person", "4-person", "4 persons", "4-persons", "4 people", "4-people")


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        item("small", "dome tent", price=90, weight_g=1800, size="2 person"),
        item("large", "family tent", price=400, weight_g=7000, size="4 person"),
        item("pot", "stock pot", price=45, capacity=10, weight_g=1200),
        attribute_schema=SCHEMA,
    )


def item(external_id: str, title: str, **attributes: Any) -> dict[str, Any]:
    return {"external_id": external_id, "title": title, "attributes": attributes}


@pytest.mark.parametrize(
    ("text", "rest", "filters"),
    [
        ("tent under 100 euros", "tent", [Filter("price", maximum=100.0)]),
        ("tent under €100", "tent", [Filter("price", maximum=100.0)]),
        ("tent < 99.50 €", "tent", [Filter("price", maximum=99.5)]),
        ("present over 1,000 euros for a friend", "present for a friend", [Filter("price", minimum=1000.0)]),
        ("tent below 2 kg", "tent", [Filter("weight_g", maximum=2000.0)]),
        ("tent at most two kilograms", "tent", [Filter("weight_g", maximum=2000.0)]),
        ("pot 10 l", "pot", [Filter("capacity", minimum=9.75, maximum=10.25)]),
        ("pot of ten litres", "pot", [Filter("capacity", minimum=9.75, maximum=10.25)]),
        ("tent for four people", "tent", [Filter("size", terms=FOR_FOUR)]),
        ("tent for 9 people", "tent for 9 people", []),
        ("works under water", "works under water", []),
        ("under 18", "under 18", []),
        ("one of these tents", "one of these tents", []),
        ("NRD-TN2-4410", "NRD-TN2-4410", []),
        ('"under 100 euros"', '"under 100 euros"', []),
        ("10 cm", "10 cm", []),
    ],
)  # fmt: skip
def test_bounds_and_sizes_are_read_against_the_schema(
    shop: Collection, text: str, rest: str, filters: list[Filter]
) -> None:
    request, understood = read_measures(SearchRequest(shop, text))
    assert request.query_text == rest
    assert list(request.filters) == filters == [one.filter for one in understood]


def test_a_filter_wins_over_words_on_the_same_attribute_and_leaves_what_is_searched_for(shop: Collection) -> None:
    dearer = (Filter("price", minimum=300.0),)
    asked = SearchRequest(shop, "tent under 100 euros", filters=dearer)
    assert read_measures(asked) == (SearchRequest(shop, "tent", filters=dearer), ())


def test_a_value_of_the_attribute_that_words_bound_leads_to_what_its_facet_counts(shop: Collection) -> None:
    for value in find(shop, "tent under 100 euros", facets=("price",)).facets["price"]:
        ticked = find(shop, "tent under 100 euros", filters=(Filter("price", terms=(value.value,)),))
        assert ticked.total == value.count and value.count > 0


def test_two_attributes_that_fit_are_one_too_many(shop: Collection) -> None:
    shop.attribute_schema = {**SCHEMA, "load_kg": {"type": "number"}}
    assert read_measures(SearchRequest(shop, "tent under 2 kg"))[1] == ()


def test_what_was_read_limits_the_hits_and_is_told(shop: Collection) -> None:
    result = find(shop, "tent under 100 euros", mode="lexical")
    assert ids(result) == ["small"] and [one.text for one in result.understood] == ["under 100 euros"]
    literal = find(shop, "tent under 100 euros", mode="lexical", is_literal=True)
    assert set(ids(literal)) == {"small", "large"} and literal.understood == ()


def test_a_bound_that_nothing_meets_is_given_up(shop: Collection) -> None:
    result = find(shop, "tent under 5 euros", mode="lexical")
    assert set(ids(result)) == {"small", "large"} and result.understood == ()
