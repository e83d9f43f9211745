"""The admin in a real browser, under the site's content security policy: a script that may not run fails the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.admin.people import CURATORS
from catalog.models import Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from search.embedding.queue import pipeline
from search.embedding.spaces import lifecycle
from search.models import DuplicatePair, ItemEmbedding
from search.models.embedding import EmbeddingState, EncoderKind, SpaceState
from search.retrieval.upkeep.readiness import promote_built_spaces

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> SignIn:
    """Signs in through the form as a curator, or as an administrator."""

    def sign_in(*, is_administrator: bool = False) -> Page:
        user = User.objects.create_user("cleo", password="a good one", is_staff=True, is_superuser=is_administrator)
        user.groups.add(Group.objects.get(name=CURATORS))
        page.goto(f"{live_server.url}/admin/")
        page.fill("[name=username]", "cleo")
        page.fill("[name=password]", "a good one")
        page.click("button[type=submit]")
        page.wait_for_url("**/admin/")
        return page

    return sign_in


@pytest.fixture
def tents() -> list[Item]:
    shop = create_collection(slug="shop")
    entries = [parse_item({"external_id": f"t{n}", "title": f"Tent {n}", "body": "Dry."}) for n in range(4)]
    upsert_items(collection=shop, entries=entries)
    return list(Item.objects.order_by("pk"))


def make_pairs(items: list[Item]) -> list[DuplicatePair]:
    first, *others = items
    return [
        DuplicatePair.objects.create(
            collection=first.collection,
            first=first,
            second=other,
            score=0.9 - n / 10,
            is_flagged=True,
            first_digest=bytes(first.text_digest),
            second_digest=bytes(other.text_digest),
        )
        for n, other in enumerate(others)
    ]


def test_an_item_is_edited_and_found_again(sign_in: SignIn, tents: list[Item], live_server: LiveServer) -> None:
    page = sign_in()
    page.click("nav >> text=Items")
    page.fill("[name=q]", "tent 2")
    page.keyboard.press("Enter")
    page.click("text=Tent 2")
    page.fill("[name=title]", "Tunnel tent")
    page.fill("[name=attributes]", '{"brand": "Tarn"}')
    page.click("button[name=_save]")
    expect(page.locator("body")).to_contain_text("was changed successfully")
    item = Item.objects.get(external_id="t2")
    assert (item.title, item.body, item.attributes) == ("Tunnel tent", "Dry.", {"brand": "Tarn"})


def test_filters_open_and_failed_embeddings_are_tried_again(
    sign_in: SignIn, tents: list[Item], live_server: LiveServer
) -> None:
    ItemEmbedding.objects.filter(item=tents[0]).update(state=EmbeddingState.FAILED, error_class="Poison")
    page = sign_in()
    page.goto(f"{live_server.url}/admin/search/itemembedding/")
    page.click("text=Filters")
    page.locator("#changelist-filter").get_by_text("Failed").click()
    page.wait_for_url("**state__exact=failed**")
    if page.locator("#changelist-filter").is_visible():
        page.keyboard.press("Escape")
    page.locator("input.action-select").first.check()
    page.select_option("select[name=action]", "try_again")
    page.locator("#changelist-actions-wrapper button[type=submit]:visible").click()
    expect(page.locator("body")).to_contain_text("1 embeddings are tried again")
    assert ItemEmbedding.objects.get(item=tents[0]).state == "pending"


def test_pairs_are_reviewed_with_the_keyboard(sign_in: SignIn, tents: list[Item], live_server: LiveServer) -> None:
    first, second, third = make_pairs(tents)
    page = sign_in()
    page.goto(f"{live_server.url}/admin/search/duplicatepair/{first.pk}/change/")
    assert page.locator("mark.akin-differs").all_inner_texts() == ["0", "1"]
    page.keyboard.press("n")
    page.wait_for_url(f"**/{second.pk}/change/")
    page.keyboard.press("j")
    page.wait_for_url(f"**/{third.pk}/change/")
    page.keyboard.press("r")
    page.keyboard.type("sun")  # the letters are typed, not taken for decisions
    page.keyboard.press("Enter")  # leaves the field and decides nothing
    page.keyboard.press("s")
    page.wait_for_url("**/duplicatepair/")
    decided = DuplicatePair.objects.order_by("pk").values_list("state", "reason")
    assert list(decided) == [("dismissed", ""), ("suggested", ""), ("confirmed", "sun")]


def test_a_merge_is_made_and_undone_with_the_keyboard(
    sign_in: SignIn, tents: list[Item], live_server: LiveServer
) -> None:
    first, second, _ = make_pairs(tents)
    page = sign_in()
    page.goto(f"{live_server.url}/admin/search/duplicatepair/{first.pk}/change/")
    result = page.locator("#merge-result")
    expect(result).to_contain_text("Tent 0")
    page.check("[name='pick.title'][value=second]")
    expect(result).to_contain_text("Tent 1")
    page.keyboard.press("m")  # also while a choice has the focus
    page.wait_for_url(f"**/{second.pk}/change/")
    expect(page.locator("#review-undo")).to_contain_text("was merged into")
    kept, merged = Item.objects.get(pk=tents[0].pk), Item.objects.get(pk=tents[1].pk)
    assert (kept.title, merged.merged_into_id) == ("Tent 1", kept.pk)
    page.keyboard.press("u")
    page.wait_for_url(f"**/{first.pk}/change/")
    expect(page.locator("body")).to_contain_text("undecided as before")
    assert list(Item.objects.order_by("pk").values_list("title", "merged_into")) == [
        (f"Tent {n}", None) for n in range(4)
    ]
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/{second.pk}/change/")


def test_a_file_is_previewed_and_imported(
    sign_in: SignIn, tents: list[Item], live_server: LiveServer, tmp_path: Path
) -> None:
    file = tmp_path / "items.csv"
    file.write_text("external_id,title\nnew,<b>Stove</b>\nx,\n")
    page = sign_in()
    page.goto(f"{live_server.url}/admin/catalog/item/import/")
    page.set_input_files("[name=file]", file)
    page.select_option("[name=collection]", label="Shop")
    page.get_by_role("button", name="Look at the file").click()
    expect(page.locator("body")).to_contain_text("title and body are both empty")
    page.click("text=Import the 1 good")
    expect(page.locator("body")).to_contain_text("is imported")
    assert Item.objects.get(external_id="new").title == "<b>Stove</b>"


def test_the_secret_of_a_key_is_shown_once(sign_in: SignIn, live_server: LiveServer) -> None:
    page = sign_in(is_administrator=True)
    page.goto(f"{live_server.url}/admin/catalog/apikey/add/")
    page.fill("[name=name]", "Shop")
    page.check("[name=all_collections]")
    page.click("button[name=_save]")
    assert page.locator("#api-key-secret").inner_text().startswith("akin_")
    page.click("text=To the list of keys")
    expect(page.locator("body")).to_contain_text("Shop")
    assert page.locator("#api-key-secret").count() == 0


def test_a_space_is_built_activated_against_advice_and_rolled_back(sign_in: SignIn, tents: list[Item]) -> None:
    pipeline.drain()
    new = lifecycle.add_space(name="new", model="fake", kind=EncoderKind.FAKE, dimensions=64, options={"salt": "new"})
    page = sign_in(is_administrator=True)
    page.goto(page.url + "search/embeddingspace/")
    page.get_by_role("link", name="new", exact=True).click()
    page.get_by_role("button", name="Build").click()
    expect(page.get_by_text("Workers embed 4 items in new")).to_be_visible()
    expect(page.get_by_role("button", name="Activate")).to_be_disabled()
    pipeline.drain()
    promote_built_spaces()
    page.reload()
    page.get_by_role("button", name="Activate all the same").click()
    expect(page.get_by_text("new was not compared with fake yet.")).to_be_visible()
    page.get_by_role("button", name="Activate all the same").click()
    expect(page.get_by_text("new answers queries now")).to_be_visible()
    page.get_by_role("button", name="Roll back to fake").click()
    expect(page.get_by_text("fake answers queries again.")).to_be_visible()
    assert lifecycle.get_space(new.name).state == SpaceState.READY
