"""The start page, and what the search page offers before anything is typed."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from redis.exceptions import ConnectionError as RedisDown

from catalog.models import Collection, Item
from search.retrieval.page.examples import query_of
from tests.pages.shop import client_of, make_shop
from tests.pages.test_search_page import get

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def test_home_lists_the_collections_that_one_may_know() -> None:
    assert "Nothing to search yet" in get("/")
    make_shop()
    make_shop("secret", visibility="private")
    html = get("/")
    assert 'href="/c/shop/"' in html
    assert "5 items" in html
    assert "secret" not in html
    assert 'href="/c/secret/"' in get("/", client_of("ada", is_staff=True))


def test_counts_are_remembered_and_survive_without_redis(
    shop: Collection, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert "5 items" in get("/")
    with django_assert_num_queries(1):
        assert "5 items" in get("/")

    def fail(keys: object) -> None:
        raise RedisDown("down")

    monkeypatch.setattr("catalog.pages.counts.cache.get_many", fail)
    assert "5 items" in get("/")


def test_the_icon_is_where_browsers_look_for_it() -> None:
    assert Client().get("/favicon.ico")["Location"].endswith(".svg")


def test_home_leads_on_to_the_search(shop: Collection) -> None:
    response = Client().get("/?collection=shop&q=red+pan")
    assert response["Location"] == "/c/shop/?q=red+pan"
    get("/?collection=nothing&q=x", status=404)


def test_home_shows_what_is_in_a_collection_and_queries_that_find_something(shop: Collection) -> None:
    html = get("/")
    assert 'href="/c/shop/?filter.brand=Halmora"' in html
    queries = re.findall(r'href="(/c/shop/\?q=[^"]+)"', html)
    assert queries and all("/items/" in get(query) for query in queries)


def test_an_example_query_is_a_title_without_names_and_numbers() -> None:
    attributes = {"brand": "Norrdal", "sku": "NRD-2", "price": 9}
    assert query_of("Norrdal Sund 2 trekking tent", attributes) == "Sund trekking tent"
    assert query_of("Norrdal", attributes) == "Norrdal"
    assert query_of("1.5 l", None) == "l"


def test_titles_are_suggested_by_how_their_words_begin(shop: Collection) -> None:
    def suggested(text: str) -> list[str]:
        return list(Client().get("/c/shop/suggestions", {"q": text}).json()["suggestions"])

    assert suggested("tent fo") == ["Tunnel tent for four"]  # a word of its own is no stop word's beginning
    assert suggested("ten") == ["Dome tent for two", "Tunnel tent for four"]
    assert suggested("t") == suggested("") == suggested("' | :* &") == suggested("zz") == []
    Item.objects.filter(external_id="tent-1").update(status="draft")
    assert suggested("dome") == []
    shop.visibility = "private"
    shop.save()
    assert Client().get("/c/shop/suggestions", {"q": "te"}).status_code == 404
