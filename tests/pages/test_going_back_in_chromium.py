"""Back, bounds and suggestions in a real browser: nothing that was shown or typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from catalog.models import Collection
from tests.pages.conftest import OpenPage
from tests.pages.shop import add_items, make_shop, many

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def test_filters_are_steps_one_can_go_back_from(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/?q=tent")
    page.get_by_role("checkbox", name=re.compile("^Norrdal")).check()
    expect(page).to_have_url(re.compile(r"\?q=tent&filter.brand=Norrdal$"))
    expect(page.locator(".chips")).to_contain_text("Brand: Norrdal")
    expect(page.get_by_role("checkbox", name=re.compile("^Norrdal"))).to_be_focused()
    page.get_by_label("Price from").fill("300")
    page.get_by_label("Price from").press("Enter")
    expect(page).to_have_url(re.compile(r"filter.price.gte=300$"))
    expect(page.locator("#hits .hit")).to_have_count(1)
    page.get_by_label("Price to").fill("8")
    page.get_by_label("Price to").press("Tab")
    expect(page.locator("#results")).to_contain_text("larger than the upper end")
    page.go_back()
    expect(page.locator(".chips")).to_contain_text("Price: from 300")
    page.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(re.compile(r"\?q=tent$"))
    expect(page.locator(".chips")).to_have_count(0)
    page.go_back()
    expect(page.locator(".chips")).to_contain_text("Brand: Norrdal")


def test_all_that_was_shown_is_there_again_after_going_back(shop: Collection, open_page: OpenPage) -> None:
    add_items(shop, many(30))
    page = open_page("/c/shop/?q=tent+peg")
    page.get_by_text("Show more").click()
    expect(page.locator("#hits .hit")).to_have_count(20)
    expect(page).to_have_url(re.compile("upto=2"))
    page.locator("#hits .hit h3 a").nth(15).click()
    page.wait_for_url("**/items/**")
    page.go_back()
    expect(page.locator("#hits .hit")).to_have_count(20)


def test_going_back_over_filters_breaks_no_content_policy(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/?q=tent")
    for brand in ("Norrdal", "Tarnholt"):
        page.get_by_role("checkbox", name=brand).check()
        page.wait_for_url(f"**{brand}**")
    page.go_back()
    expect(page).not_to_have_url(re.compile("Tarnholt"))
    expect(page.get_by_role("checkbox", name="Tarnholt")).not_to_be_checked()
    page.go_back()
    expect(page.get_by_role("checkbox", name="Norrdal")).not_to_be_checked()


def test_a_wrong_bound_keeps_hits_text_and_focus(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/?q=tent")
    bound = page.get_by_label("Price to")
    bound.fill("abc")
    bound.press("Enter")
    expect(page.locator("#problem")).to_contain_text("Price")
    expect(bound).to_have_value("abc")
    expect(bound).to_be_focused()
    expect(page.locator("#hits .hit h3 a").first).to_be_visible()


def test_results_that_arrive_while_a_bound_is_typed_do_not_take_it_away(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/?q=tent")
    page.get_by_label("Price from").fill("9")
    with page.expect_response(re.compile(r"price\.gte=9")):
        page.get_by_label("Price to").press_sequentially("8")
    expect(page.locator(".chips")).to_contain_text("Price")
    expect(page.get_by_label("Price to")).to_have_value("8")
    page.get_by_label("Price to").press("Tab")
    expect(page.locator("#results")).to_contain_text("larger than the upper end")


def test_recent_searches_and_titles_are_offered_below_the_box(shop: Collection, open_page: OpenPage) -> None:
    page = open_page("/c/shop/")
    page.keyboard.type("copper", delay=20)
    expect(page.locator("#suggestions option[value^='Copper pan']")).to_be_attached()
    page.keyboard.press("Enter")
    page.locator("#hits .hit h3 a").first.click()
    page.wait_for_url("**/items/**")
    page.goto("/c/shop/")
    page.locator("#q").fill("cop")
    expect(page.locator("#suggestions option").first).to_have_attribute("value", "copper")
