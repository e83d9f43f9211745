"""The row "For you" and the buttons of an item, in a real browser."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer

from search.models import Event
from tests.pages.conftest import OpenPage
from tests.pages.shop import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


def test_liking_an_item_leads_to_a_row_with_its_reason(open_page: OpenPage, live_server: LiveServer) -> None:
    make_shop(search_settings={"learn_interest": True})
    page = open_page("/c/shop/?q=tent")
    page.click("#hits .hit h3 a >> nth=0")
    page.click("text=♡ Like")
    page.wait_for_selector("text=♥ Liked")
    page.wait_for_function("() => true")
    assert set(Event.objects.values_list("kind", flat=True)) == {"click", "like"}
    page.goto("/c/shop/")
    assert "Like “" in page.inner_text(".for-you")
    page.click(".for-you h2 a")
    page.click("text=Forget all of it")
    page.wait_for_selector("text=Nothing is known of you here")
    assert list(Event.objects.values_list("kind", "subject", "recorded_at")) == []


def test_nothing_is_asked_where_nothing_is_learnt(open_page: OpenPage, live_server: LiveServer) -> None:
    make_shop()
    page = open_page("/c/shop/items/tent-1")
    assert page.locator("#liking").count() == 0
