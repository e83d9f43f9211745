"""The map in a real browser: drawn with WebGL where there is one, and a list where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from catalog.models import Collection, Item
from search.insight.page.map_views import is_renderer_there
from search.models import ItemPlace
from tests import chromium
from tests.pages.conftest import OpenPage
from tests.pages.shop import client_of, make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Collection:
    collection = make_shop()
    for n, item in enumerate(collection.items.order_by("pk")):
        ItemPlace.objects.create(item=item, collection=collection, x=np.cos(n) / 2, y=np.sin(n) / 2)
    return collection


@pytest.fixture
def drawing(browser: Browser) -> Iterator[Browser]:
    """A browser of its own, that draws."""
    if not is_renderer_there():
        pytest.skip("deck.gl was not taken in: make install")
    running = browser.browser_type.launch(
        executable_path=next(filter(None, map(shutil.which, chromium.NAMES))),
        args=chromium.BY_PROCESSOR,
        chromium_sandbox=False,
    )
    yield running
    running.close()


def test_points_are_drawn_named_lit_up_and_chosen(shop: Collection, drawing: Browser, live_server: LiveServer) -> None:
    page = drawing.new_page(base_url=live_server.url, viewport={"width": 1000, "height": 1200})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto("/c/shop/insight/map")
    page.wait_for_selector("#map[data-drawn]", timeout=60_000)
    page.focus("#map")
    page.keyboard.press("+")
    page.keyboard.press("Enter")
    page.wait_for_selector("#map-card:not([hidden]) strong")
    page.click("#map-home")
    around_all(page)
    page.wait_for_selector("#map-list li >> nth=4")
    assert "5 items" in page.inner_text("#map-count")
    page.fill("#map-form [name=q]", "tent")
    page.keyboard.press("Enter")
    page.wait_for_selector("#map-list-title:text('Matching items')")
    assert "q=tent" in page.url and complaints == []


def around_all(page: Page) -> None:
    """Draws a line around the whole map."""
    page.click("#map-lasso")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for x, y in ((box["width"] - 5, 5), (box["width"] - 5, box["height"] - 5), (5, box["height"] - 5), (5, 9)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    page.mouse.up()


@pytest.mark.parametrize("way", ["line", "keys"])
def test_a_curator_goes_on_from_the_map_to_an_action_on_many_items(
    shop: Collection, drawing: Browser, live_server: LiveServer, way: str
) -> None:
    cookie = client_of("ada", is_staff=True).cookies["sessionid"].value
    context = drawing.new_context(base_url=live_server.url, viewport={"width": 1000, "height": 1300})
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/c/shop/insight/map")
    page.wait_for_selector("#map[data-drawn]", timeout=60_000)
    if way == "line":
        around_all(page)
        page.wait_for_selector("#map-list li >> nth=4")
    else:
        page.fill("#map-form [name=q]", "tent")
        page.keyboard.press("Enter")
        page.wait_for_selector("#map-list li")
    chosen = page.locator("#map-list li").count()
    page.select_option("#map-actions select", "archive")
    page.click("#map-actions button")
    page.get_by_text(f"Archive {chosen} item").first.wait_for()
    with page.expect_navigation():
        page.get_by_role("button", name="Yes, do this").click()
    assert Item.objects.filter(status="archived").count() == chosen and complaints == []
    context.close()


def test_without_scripts_the_page_lists_what_matches(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/insight/map?q=tent", java_script_enabled=False)
    assert "tent" in page.inner_text("#map-list").lower()
