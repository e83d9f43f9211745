"""The admin's widgets in a real browser, whose policy allows no eval: a blocked script or an error fails the test."""

from __future__ import annotations

import pytest
from django.contrib.admin.sites import site
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Item
from tests.admin_people import administrator
from tests.api_caller import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> Client:
    return administrator()


@pytest.fixture
def admin(ada: Client, page: Page, live_server: LiveServer) -> Page:
    """Signed in as an administrator, on the first page."""
    make_shop()
    page.context.add_cookies([{"name": "sessionid", "value": ada.cookies["sessionid"].value, "url": live_server.url}])
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/admin/")
    return page


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/catalog/item/", "/admin/search/duplicatepair/"])
def test_the_policy_allows_no_eval(ada: Client, path: str) -> None:
    assert "unsafe-eval" not in ada.get(path)["Content-Security-Policy"]


def test_lists_and_forms_of_every_model_work_without_an_error(
    ada: Client, admin: Page, live_server: LiveServer
) -> None:
    seen = 0
    for model in site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for address in (reverse(f"{name}_changelist"), reverse(f"{name}_add")):
            if ada.get(address).status_code == 200:  # some are made by programs alone
                admin.goto(f"{live_server.url}{address}")
                expect(admin.locator("#nav-sidebar")).to_be_visible()
                seen += 1
    assert seen > 15


def test_the_theme_is_changed_and_kept(admin: Page) -> None:
    root = admin.locator("html")
    for shown in ("dark", "light"):
        admin.locator("[x-on\\:click='openUserLinks = !openUserLinks']").first.click()
        admin.locator(f"[x-on\\:click=\"switchTheme('{shown}')\"]").first.click()
        expect(root).to_have_class(shown)
        admin.reload()
        expect(root).to_have_class(shown)


def test_the_side_bar_closes_and_stays_so(admin: Page) -> None:
    side_bar = admin.locator("#nav-sidebar")
    expect(side_bar).to_be_visible()
    admin.locator("[x-on\\:click^='sidebarDesktopOpen = !sidebarDesktopOpen']").first.click()
    expect(side_bar).to_be_hidden()
    admin.reload()
    expect(side_bar).to_be_hidden()


def test_menus_open_and_close(admin: Page) -> None:
    admin.locator("[x-on\\:click='openUserLinks = !openUserLinks']").first.click()
    links = admin.locator("[x-show=openUserLinks]")
    expect(links).to_be_visible()
    admin.locator("h1").first.click()
    expect(links).to_be_hidden()


def test_filters_and_actions_of_a_list(admin: Page, live_server: LiveServer) -> None:
    admin.goto(f"{live_server.url}/admin/catalog/item/")
    admin.locator("[x-on\\:click='filterOpen = true']").first.click()
    panel = admin.locator("#changelist-filter")
    expect(panel).to_be_visible()
    admin.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    run = admin.locator("[x-show=action]").first
    expect(run).to_be_hidden()
    admin.locator("input.action-select").first.check()
    admin.locator("select[name=action]").select_option(index=1)
    expect(run).to_be_visible()


def test_an_item_is_changed_with_all_widgets_of_its_form(admin: Page, live_server: LiveServer) -> None:
    item = Item.objects.order_by("pk")[0]
    admin.goto(f"{live_server.url}/admin/catalog/item/{item.pk}/change/")
    admin.fill("[name=title]", "A tent for two")
    admin.click("button[name=_save]")
    admin.wait_for_url("**/admin/catalog/item/**")
    assert Item.objects.get(pk=item.pk).title == "A tent for two"
