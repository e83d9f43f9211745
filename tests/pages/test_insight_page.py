"""The Insight page in a browser: light and dark, wide and narrow, without breaking the content policy."""

from __future__ import annotations

import pytest

from search.insight.topics.computing import compute_topics
from tests.factories import add_items, make_collection, make_searchable
from tests.pages.conftest import OpenPage

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = ("tent porch pegs campsite", "pan frying steak handle", "lamp candle lantern wick")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_from_the_search_page_to_a_topic_and_an_item(open_page: OpenPage, width: int, scheme: str) -> None:
    shop = make_collection()
    add_items(shop, *({"title": f"{words} {n}", "body": words} for words in WORDS for n in range(20)))
    make_searchable(shop)
    compute_topics(shop, coarse_number=3)
    page = open_page("/c/shop/", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.get_by_role("link", name="Insight").click()
    assert page.locator("h1").count() == 1 and page.locator("main").count() == 1
    assert page.locator(".topics > li").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".topics h3 a").first.press("Enter")
    page.wait_for_selector(".topic-items")
    assert page.locator(".topic-items li").count() == 20
    page.locator(".topic-items a").first.click()
    assert page.get_by_text("Topic:").is_visible()
