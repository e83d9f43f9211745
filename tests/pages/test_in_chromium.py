"""The pages in a real browser: typing, keys, filters, going back, small screens, no JavaScript, and trouble."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from catalog.models import Collection, Item
from catalog.services.collections import create_collection
from search.embedding.queue import pipeline
from tests.pages.conftest import OpenPage
from tests.pages.shop import add_items, client_of, make_shop, many

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def first_hit(external_id: str) -> re.Pattern[str]:
    return re.compile(f"/items/{external_id}$")


def test_results_follow_the_typing_and_so_do_address_title_and_live_region(
    shop: Collection, open_page: OpenPage
) -> None:
    page = open_page("/c/shop/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("cast iron pan", delay=20)
    link = page.locator("#hits .hit h3 a").first
    expect(link).to_have_attribute("href", first_hit("pan-1"))
    expect(link.locator("mark").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=cast\+iron\+pan$"))
    expect(page).to_have_title(re.compile("^cast iron pan – Tent"))
    expect(page.locator("#announce")).to_contain_text(re.compile(r"\d result|Nothing relevant"))
    expect(page.locator("#q")).to_be_focused()
    page.locator(".hit details.why summary").first.click()
    expect(page.locator(".hit blockquote").first).to_contain_text("good for a steak")


def test_a_late_answer_does_not_replace_a_newer_one(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/c/shop/?q=tunnel", hold)
    page.locator("#q").press_sequentially("tunnel")
    with page.expect_request("**/c/shop/?q=tunnel"):
        pass
    page.locator("#q").fill("steak")
    expect(page.locator("#hits .hit h3 a").first).to_have_attribute("href", first_hit("pan-1"))
    for route in held:
        route.abort()
    page.wait_for_timeout(200)
    expect(page).to_have_url(re.compile(r"\?q=steak$"))
    expect(page.locator("#trouble")).to_be_hidden()


def test_keys_reach_the_box_and_the_results(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/?q=tent")
    page.locator("h3 a").first.wait_for()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("tent")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#hits h3 a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("ArrowDown")
    target = page.locator("#hits h3 a").first.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")


def test_the_mode_is_tucked_away_and_remembered(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/?q=tent")
    expect(page.get_by_label("Words only")).to_be_hidden()
    page.locator("summary", has_text="How to search").click()
    page.get_by_label("Words only").check()
    expect(page).to_have_url(re.compile(r"\?q=tent&mode=lexical$"))
    page.reload()
    expect(page.get_by_label("Words only")).to_be_checked()


def test_more_hits_come_below_and_reading_goes_on_there(shop: Collection, open_page: OpenPage) -> None:
    add_items(shop, many(18))
    page = open_page("/c/shop/")
    expect(page.locator("#hits > .hit")).to_have_count(10)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("#hits > .hit")).to_have_count(20)
    expect(page.locator("#hits .hit h3 a").nth(10)).to_be_focused()
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("#hits > .hit")).to_have_count(23)
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)


def test_everything_works_without_javascript(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("tent")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name=re.compile("^Norrdal")).check()
    page.get_by_role("button", name="Apply the filters").click()
    expect(page.locator(".chips")).to_contain_text("Brand: Norrdal")
    page.get_by_role("link", name=re.compile("Tunnel tent")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tunnel tent for four")


@pytest.mark.parametrize("path", ["/", "/c/shop/?q=tent&filter.brand=Norrdal", "/c/shop/items/tent-1", "/nowhere"])
def test_a_phone_shows_it_without_scrolling_sideways(shop: Collection, open_page: OpenPage, path: str) -> None:
    page = open_page(path, viewport={"width": 360, "height": 700}, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"


def test_filters_unfold_on_a_phone(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/?q=tent", viewport={"width": 360, "height": 700})
    box = page.get_by_role("checkbox", name=re.compile("^Norrdal"))
    expect(box).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    box.check()
    expect(page.locator(".chips")).to_contain_text("Brand: Norrdal")
    expect(box).to_be_visible()


@pytest.mark.parametrize(("status", "said"), [(429, "a little fast"), (503, "a short break"), (500, "did not answer")])
def test_a_server_in_trouble_is_said_and_the_results_stay(
    shop: Collection, open_page: OpenPage, status: int, said: str
) -> None:
    page = open_page("/c/shop/")
    page.route("**/c/shop/?q=*", lambda route: route.fulfill(status=status, body="<p>wrong</p>"))
    page.locator("#q").press_sequentially("pan")
    expect(page.locator("#trouble")).to_contain_text(said)
    expect(page.locator("#hits .hit")).to_have_count(5)
    page.unroute("**/c/shop/?q=*")
    page.locator("#q").press_sequentially("s")
    expect(page).to_have_url(re.compile("q=pans"))
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_pasted_text_that_is_too_long_is_refused_in_place(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/")
    page.locator("#q").fill("tent " * 1_700)
    expect(page.locator("#results")).to_contain_text("at most 8,000 are allowed")
    expect(page.locator("#announce")).to_contain_text("at most 8,000 are allowed")
    page.locator("#q").fill("tent")
    expect(page.locator("#hits .hit").first).to_be_visible()


def test_an_empty_collection_has_something_to_say(open_page: OpenPage) -> None:
    create_collection(slug="empty")
    expect(open_page("/c/empty/").locator("#results")).to_contain_text("This collection is empty")


def test_adding_an_item_from_the_warning_to_being_found(shop: Collection, open_page: OpenPage) -> None:
    session = client_of("ada", is_staff=True).cookies["sessionid"].value
    page = open_page("/c/shop/add", cookies={"sessionid": session})
    page.get_by_label("Title").press_sequentially("Dome tent for two", delay=10)
    page.get_by_label("Description").fill("Green fabric, two porches and a rainproof floor.")
    warning = page.locator("#duplicates")
    expect(warning).to_contain_text("Is it one of these?")
    expect(warning.get_by_role("link", name="Dome tent for two")).to_be_visible()
    expect(page.locator("#suggested-id")).to_have_text("Would be: dome-tent-for-two")
    page.get_by_role("button", name="Save anyway").click()
    page.wait_for_url("**/c/shop/items/dome-tent-for-two")
    expect(page.locator("#indexing")).to_have_text(re.compile("Being indexed"))
    pipeline.drain()
    expect(page.locator("#indexing")).to_have_text("Searchable now")
    expect(page.locator("#related")).to_contain_text("Related")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator(".notice-success")).to_contain_text("was taken back")
    assert not Item.objects.filter(external_id="dome-tent-for-two").exists()
