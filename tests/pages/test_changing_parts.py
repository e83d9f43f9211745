"""Parts of the search page for htmx: what changes, further hits, addresses, and going back."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import Collection
from tests.pages.shop import add_items, make_shop, many, text_of
from tests.pages.test_search_page import HTMX, get

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def test_pages_are_real_links(shop: Collection) -> None:
    add_items(shop, many(25))
    first = get("/c/shop/")
    assert 'href="/c/shop/?page=2" rel="next"' in first
    assert 'aria-current="page">1</a>' in first
    last = get("/c/shop/?page=3")
    assert 'href="/c/shop/?page=2" rel="prev"' in last
    assert 'rel="next"' not in last
    assert "Show more" not in last
    assert "There are no more results." in get("/c/shop/?page=9")


def test_htmx_gets_the_part_that_changes_and_the_address(shop: Collection) -> None:
    response = Client().get(
        "/c/shop/?q=tent&mode=hybrid&filter.brand=&filter.price.gte=", headers={**HTMX, "HX-Trigger-Name": "q"}
    )
    html = text_of(response)
    assert "<html" not in html
    assert "<title>tent" in html
    assert 'hx-swap-oob="innerHTML:#announce"' in html
    assert response["HX-Replace-Url"] == "/c/shop/?q=tent"
    assert "HX-Request" in response["Vary"]
    assert Client().get("/c/shop/?q=tent", headers=HTMX)["HX-Push-Url"] == "/c/shop/?q=tent"


def test_going_back_gets_the_whole_page(shop: Collection) -> None:
    assert "<html" in get("/c/shop/?q=tent", headers={**HTMX, "HX-History-Restore-Request": "true"})


def test_more_gets_only_further_hits(shop: Collection) -> None:
    add_items(shop, many(15))
    html = get("/c/shop/?page=2", headers={"HX-Request": "true", "HX-Target": "more"})
    assert 'hx-swap-oob="beforeend:#hits"' in html
    assert 'class="facets"' not in html
    assert html.count('class="hit"') == 10


def test_more_hits_have_an_address_at_which_all_of_them_are(shop: Collection) -> None:
    add_items(shop, many(25))
    html = get("/c/shop/")
    assert 'hx-get="/c/shop/?upto=2"' in html
    more = Client().get("/c/shop/?upto=2", headers={"HX-Request": "true", "HX-Target": "more"})
    assert more["HX-Replace-Url"] == "/c/shop/?upto=2" and text_of(more).count("<h3>") == 10
    assert get("/c/shop/?upto=2").count("<h3>") == 20
    assert "must be a whole number from 1 to 10" in get("/c/shop/?upto=11", status=422)
