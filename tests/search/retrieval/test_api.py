"""Searching over the JSON API."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisDown

from catalog.models import Collection
from catalog.models.api_key import Scope
from search.embedding.queue import pipeline
from search.errors import EncoderUnavailable
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db
SEARCH = "collections/shop/search"


@pytest.fixture
def shop() -> Collection:
    shop = make_shop()
    pipeline.drain()
    return shop


def ids(answer: Any) -> list[str]:
    return [hit["external_id"] for hit in answer.json["hits"]]


def test_a_search_answers_with_the_shape_of_the_contract(shop: Collection) -> None:
    answer = Caller().get(SEARCH, q="dome tent", facets="brand", explain="1")
    assert answer.status == 200
    assert set(answer.json) >= {"hits", "total", "facets", "next_cursor", "mode", "degraded", "took_ms"}
    assert (answer.json["mode"], answer.json["degraded"]) == ("hybrid", False)
    hit = answer.json["hits"][0]
    assert hit["external_id"] == "tent-1"
    assert {"title", "url", "score", "band", "snippet", "attributes", "explanation"} <= set(hit)
    assert hit["attributes"]["brand"] == "Norrdal"
    assert {leg["leg"] for leg in hit["explanation"]["legs"]} == {"lexical", "semantic"}
    assert {"value": "Norrdal", "count": 2, "is_selected": False} in answer.json["facets"]["brand"]


def test_snippets_mark_what_matched(shop: Collection) -> None:
    snippet = Caller().get(SEARCH, q="porch").json["hits"][0]["snippet"]
    assert [snippet["text"][start:end] for start, end in snippet["marks"]] == ["porch"]


def test_hits_are_explained_only_when_asked(shop: Collection) -> None:
    assert Caller().get(SEARCH, q="tent").json["hits"][0]["explanation"] is None


def test_drafts_are_not_found_even_by_writers(shop: Collection) -> None:
    assert "draft-1" not in ids(Caller(Scope.WRITE).get(SEARCH, q="tent not announced yet", limit=100))


def test_filters_narrow_and_repeat_as_alternatives(shop: Collection) -> None:
    assert set(ids(Caller().get(SEARCH, q="tent", **{"filter.brand": "Norrdal"}))) == {"tent-1", "tent/2"}
    both = Caller().get(f"{SEARCH}?q=tent&filter.brand=Norrdal&filter.brand=Tarnholt")
    assert set(ids(both)) >= {"tent-1", "tent/2"}
    assert ids(Caller().get(SEARCH, q="tent", **{"filter.price.gte": 300})) == ["tent/2"]
    assert ids(Caller().get(SEARCH, q="tent", **{"filter.sku.exists": "true"})) == ["tent-1"]
    assert ids(Caller().get(SEARCH, q="tent", **{"filter.brand": "Nobody"})) == []


def test_pages_follow_the_cursor(shop: Collection) -> None:
    first = Caller().get(SEARCH, limit=2)
    second = Caller().get(SEARCH, limit=2, cursor=first.json["next_cursor"])
    assert sorted(ids(first) + ids(second)) == ["stove-1", "tent-1", "tent/2"]
    assert second.json["next_cursor"] is None


def test_an_empty_collection_has_no_hits(shop: Collection) -> None:
    make_shop(slug="bare").items.all().delete()
    answer = Caller().get("collections/bare/search", q="tent")
    assert (answer.status, answer.json["hits"], answer.json["total"]) == (200, [], 0)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"mode": "psychic"}, "mode"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"facets": "colour"}, "facets"),
        ({"explain": "perhaps"}, "explain"),
        ({"filter.colour": "red"}, "filter.colour"),
        ({"filter.price.gte": "cheap"}, "filter.price.gte"),
        ({"filter.brand.gte": "A"}, "filter.brand.gte"),
        ({"filter.price.near": "3"}, "filter.price.near"),
        ({"q": "a\x00b"}, "q"),
    ],
)
def test_bad_parameters_are_refused_by_name(shop: Collection, query: dict[str, Any], field: str) -> None:
    answer = Caller().get(SEARCH, **({"q": "tent"} | query))
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.json["error"]["details"][0]["field"] == field


def test_a_query_that_is_too_long_is_refused_with_413(shop: Collection) -> None:
    answer = Caller().get(SEARCH, q="tent " * 1_700)
    assert (answer.status, answer.code) == (413, "query_too_long")
    answer = Caller().post("collections/shop/passages", {"q": "tent " * 1_700})
    assert (answer.status, answer.code) == (413, "query_too_long")


def test_without_the_encoder_words_still_answer(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise EncoderUnavailable("The encoder is down.")

    monkeypatch.setattr("search.retrieval.search.query_vector", fail)
    answer = Caller().get(SEARCH, q="dome tent")
    assert (answer.status, answer.json["degraded"]) == (200, True)
    assert ids(answer)[0] == "tent-1"


def test_passages_come_with_their_span_and_item(shop: Collection) -> None:
    answer = Caller().post("collections/shop/passages", {"q": "boil water in wind", "limit": 2})
    assert answer.status == 200
    passage = answer.json["passages"][0]
    told = {"external_id", "title", "url", "text", "start", "end", "score"}
    assert set(passage) == told | {"number", "tokens", "also_in"}
    assert len(answer.json["passages"]) <= 2


@pytest.mark.parametrize(
    "body", [{}, {"q": ""}, {"q": "  "}, {"q": 3}, {"q": "a\x00"}, {"q": "x", "limit": 51}, {"q": "x", "mode": "y"}]
)
def test_bad_passage_requests_are_refused(shop: Collection, body: Any) -> None:
    assert Caller().post("collections/shop/passages", body).code == "invalid"


def test_strangers_are_limited_and_owners_of_keys_are_not(shop: Collection, settings: Settings) -> None:
    settings.AKIN_RATE_LIMIT = 2
    cache.clear()
    assert [Caller().get(SEARCH, q="tent").status for _ in range(3)] == [200, 200, 429]
    answer = Caller().get(SEARCH, q="tent")
    assert answer.code == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert Caller(Scope.READ).get(SEARCH, q="tent").status == 200


def test_without_redis_nobody_is_limited(shop: Collection, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RedisDown("refused")

    settings.AKIN_RATE_LIMIT = 1
    monkeypatch.setattr("search.retrieval.rate_limit.cache.add", fail)
    assert [Caller().get(SEARCH, q="tent").status for _ in range(3)] == [200, 200, 200]


def test_an_empty_cursor_is_refused_as_everywhere(shop: Collection) -> None:
    assert Caller().get(SEARCH, q="tent", cursor="").code == "invalid"
    assert Caller().post(SEARCH, {"q": "tent", "cursor": ""}).code == "invalid"
