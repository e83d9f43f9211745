"""The grammar of a search's query parameters."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from catalog.errors import InvalidInput
from catalog.models import Collection
from search.errors import QueryTooLong
from search.retrieval.query.parameters import MAX_OFFSET, next_cursor, offset_of, parse_search
from search.retrieval.types import MAX_FACETS, MAX_FILTERS, MAX_QUERY_LENGTH, Filter, SearchRequest

SCHEMA = {
    "brand": {"type": "term", "facet": True},
    "sku": {"type": "term", "identifier": True},
    "price": {"type": "number", "facet": True},
    "released": {"type": "date"},
}


def parse(query: str, schema: dict[str, object] | None = None) -> SearchRequest:
    collection = Collection(pk=1, slug="shop", attribute_schema=SCHEMA if schema is None else schema)
    return parse_search(collection, QueryDict(query))


def test_nothing_given_is_an_empty_hybrid_query_with_the_facets_of_the_schema() -> None:
    request = parse("")
    assert (request.query_text, request.mode, request.limit, request.offset) == ("", "hybrid", 10, 0)
    assert request.facets == ("brand", "price")
    assert request.filters == ()
    assert request.explain is False


@pytest.mark.parametrize(
    ("typed", "decimal", "number"),
    [
        ("79,50", ",", 79.5),
        ("1.234,50", ",", 1234.5),
        ("€ 80", ",", 80.0),
        ("1.234", ",", 1.234),
        ("1,234", ".", 1234.0),
    ],
)
def test_a_bound_may_be_written_as_the_values_are(typed: str, decimal: str, number: float) -> None:
    schema: dict[str, object] = {"price": {"type": "number", "decimal": decimal}}
    assert parse(urlencode({"filter.price.gte": typed}), schema).filters == (Filter("price", minimum=number),)


def test_everything_given() -> None:
    asked = (
        "q=+warm+tent+&mode=semantic&limit=25&explain=1&facets=sku,brand"
        "&filter.brand=Norrdal&filter.brand=Tarnholt&filter.price.gte=10&filter.price.lte=99.5"
        "&filter.released.gte=2026-01-31&filter.sku.exists=true"
    )
    request = parse(f"{asked}&cursor={next_cursor(parse(asked), 50)}")
    assert (request.query_text, request.mode, request.limit, request.offset) == (
        "warm tent",
        "semantic",
        25,
        50,
    )
    assert request.explain is True
    assert request.facets == ("sku", "brand")
    assert request.filters == (
        Filter("brand", terms=("Norrdal", "Tarnholt")),
        Filter("price", minimum=10.0, maximum=99.5),
        Filter("released", minimum="2026-01-31"),
        Filter("sku", exists=True),
    )


def test_empty_values_of_a_plain_form_count_as_not_given() -> None:
    request = parse("q=&mode=&limit=&cursor=&explain=&filter.brand=&filter.price.gte=&filter.price.lte=+")
    assert request == parse("")


def test_empty_facets_ask_for_none() -> None:
    assert parse("facets=").facets == ()


def test_names_outside_the_grammar_are_ignored() -> None:
    assert parse("utm_source=mail&page=2") == parse("")


@pytest.mark.parametrize(
    ("query", "parameter", "reason"),
    [
        ("mode=fuzzy", "mode", "hybrid, semantic, lexical"),
        ("limit=0", "limit", "from 1 to 100"),
        ("limit=101", "limit", "from 1 to 100"),
        ("limit=1_0", "limit", "from 1 to 100"),
        ("limit=%D9%A3", "limit", "from 1 to 100"),
        ("limit=" + "9" * 5000, "limit", "from 1 to 100"),
        ("cursor=%E2%82%AC", "cursor", "not a cursor"),
        ("cursor=abc", "cursor", "not a cursor"),
        ("explain=maybe", "explain", "true or false"),
        ("q=a%00b", "q", "NUL"),
        ("facets=colour", "facets", "'colour' is no attribute"),
        ("filter.colour=red", "filter.colour", "'colour' is no attribute"),
        ("filter.=red", "filter.", "no attribute"),
        ("filter.brand=a%00", "filter.brand", "plain text"),
        ("filter.brand=" + "x" * 501, "filter.brand", "500 characters"),
        ("filter.brand.gte=1", "filter.brand.gte", "only attributes of type number or date"),
        ("filter.brand.like=x", "filter.brand.like", "must end in"),
        ("filter.price=cheap", "filter.price", "must be a number"),
        ("filter.price.gte=cheap", "filter.price.gte", "must be a number"),
        ("filter.price.lte=inf", "filter.price.lte", "must be a number"),
        ("filter.price.gte=nan", "filter.price.gte", "must be a number"),
        ("filter.price.gte=9&filter.price.lte=8", "filter.price.gte", "larger than the upper end"),
        ("filter.released.gte=31.01.2026", "filter.released.gte", "2026-03-31"),
        ("filter.released.gte=2026-02-30", "filter.released.gte", "2026-03-31"),
        ("filter.released.gte=20260131", "filter.released.gte", "2026-03-31"),
        ("filter.brand.exists=perhaps", "filter.brand.exists", "true or false"),
        ("&".join(f"filter.brand={n}" for n in range(51)), "filter.brand", "at most 50"),
    ],
)
def test_bad_values_are_refused_by_parameter(query: str, parameter: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(query)
    assert caught.value.status == 422
    assert caught.value.message.startswith(f"{parameter}: ")
    assert caught.value.details == [{"field": parameter, "reason": caught.value.message[len(parameter) + 2 :]}]
    assert reason in caught.value.message


def test_too_many_filters_and_facets_are_refused() -> None:
    schema: dict[str, object] = {f"a{n}": {"facet": True} for n in range(30)}
    assert len(parse("", schema).facets) == MAX_FACETS
    with pytest.raises(InvalidInput, match=f"at most {MAX_FACETS}"):
        parse("facets=" + ",".join(schema), schema)
    with pytest.raises(InvalidInput, match=f"at most {MAX_FILTERS}"):
        parse("&".join(f"filter.{name}=x" for name in schema), schema)


def test_a_long_query_is_refused_with_its_length() -> None:
    assert len(parse("q=" + "x" * MAX_QUERY_LENGTH).query_text) == MAX_QUERY_LENGTH
    with pytest.raises(QueryTooLong, match=r"q: has 8,001 characters, at most 8,000") as caught:
        parse("q=" + "x" * (MAX_QUERY_LENGTH + 1))
    assert caught.value.status == 413


def test_cursors_round_trip_up_to_the_last_offset() -> None:
    request = parse("q=tent")
    for offset in (0, 1, 10, MAX_OFFSET):
        assert offset_of(str(next_cursor(request, offset)), request) == offset
    with pytest.raises(InvalidInput, match="first 1,000 hits"):
        offset_of(str(next_cursor(request, MAX_OFFSET + 1)), request)
    with pytest.raises(InvalidInput, match="not a cursor that this API gave"):
        offset_of("b2Zmc2V0OjEw", request)


def test_a_cursor_holds_for_the_same_question_however_much_is_told_of_the_answer() -> None:
    cursor = str(next_cursor(parse("q=tent&filter.brand=Norrdal"), 10))
    assert parse(f"q=tent&filter.brand=Norrdal&explain=1&limit=3&facets=sku&cursor={cursor}").offset == 10
    for other in ("q=tents&filter.brand=Norrdal", "q=tent", "q=tent&filter.brand=Norrdal&sort=newest"):
        with pytest.raises(InvalidInput, match="another question"):
            parse(f"{other}&cursor={cursor}")
