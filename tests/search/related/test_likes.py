"""The page "More like this": the question is in the address, and each part of it is taken back by a link."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from catalog.models import Collection, Item
from search.embedding.queue import pipeline
from tests.api_caller import make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    shop = make_shop()
    pipeline.drain()
    return shop


def links(page: str, text: str) -> list[str]:
    found = re.findall(r'<a href="([^"]+)">(?:<span>)?([^<]*)', page)
    return [href.replace("&amp;", "&") for href, label in found if label.startswith(text)]


def test_results_and_items_lead_to_it_and_examples_are_taken_back(shop: Collection, client: Client) -> None:
    start = client.get("/c/shop/", {"q": "tent"}).content.decode()
    assert "/c/shop/like?q=tent&more=tent-1" in links(start, "More like this")
    assert "/c/shop/like?q=tent&less=tent-1" in links(start, "Less like this")
    assert "/c/shop/like?more=tent-1" in links(client.get("/c/shop/items/tent-1").content.decode(), "More like this")
    page = client.get("/c/shop/like?more=tent-1").content.decode()
    assert "/c/shop/items/tent/2" in page and "Draft" not in page and "not announced" not in page
    (less,) = [link for link in links(page, "Less like this") if "stove-1" in link]
    page = client.get(less).content.decode()
    assert "/c/shop/items/stove-1" not in page
    assert links(page, "Less like Gas") == ["/c/shop/like?more=tent-1"]
    assert "same brand: Norrdal" in page


def test_words_are_an_example_too(shop: Collection, client: Client) -> None:
    page = client.get("/c/shop/like", {"q": "gas stove", "less": "tent-1"}).content.decode()
    assert page.index("/c/shop/items/stove-1") < page.index("/c/shop/items/tent/2")


def test_hidden_and_unknown_examples_are_left_out(shop: Collection, client: Client) -> None:
    Item.objects.filter(external_id="tent/2").update(status="draft", title="Secret")
    page = client.get("/c/shop/like", {"more": ["tent/2", "nothing", "draft-1"], "strategy": "magic"})
    assert page.status_code == 200 and "Secret" not in page.content.decode()
    assert "Choose “More like this”" in page.content.decode()


def test_a_private_collection_has_no_such_page(shop: Collection, client: Client) -> None:
    Collection.objects.filter(pk=shop.pk).update(visibility="private")
    assert client.get("/c/shop/like?more=tent-1").status_code == 404
