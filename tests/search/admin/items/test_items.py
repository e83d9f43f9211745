"""What the item admin shows of search, and that a save in the admin is embedded."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from search.embedding.queue import pipeline
from search.models import DuplicatePair, ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.admin_people import curator

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/item/"


@pytest.fixture
def shop() -> Collection:
    shop = create_collection(slug="shop")
    entries = [parse_item({"external_id": n, "title": f"Item {n}"}) for n in ("a", "b", "c")]
    upsert_items(collection=shop, entries=entries)
    return shop


def state_of(external_id: str) -> str:
    return ItemEmbedding.objects.get(item__external_id=external_id).state


def test_a_save_in_the_admin_is_embedded_and_wakes_the_workers(
    shop: Collection, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    wakes: list[int] = []
    monkeypatch.setattr("search.embedding.queue.wakeup.wake", lambda: wakes.append(1))
    pipeline.drain()
    item = Item.objects.get(external_id="a")
    fields = {"status": "published", "title": "Changed", "body": "", "url": "", "image": "", "attributes": "{}"}
    with django_capture_on_commit_callbacks(execute=True):
        curator().post(f"{LIST}{item.pk}/change/", fields)
    assert (state_of("a"), state_of("b"), len(wakes)) == ("pending", "embedded", 1)
    pipeline.drain()
    assert state_of("a") == "embedded"


def test_the_list_shows_and_filters_embedding_states(shop: Collection) -> None:
    ItemEmbedding.objects.filter(item__external_id="b").update(state=EmbeddingState.FAILED)
    browser = curator()
    page = browser.get(LIST).content.decode()
    assert "Pending" in page
    assert "Failed" in page
    failed = browser.get(LIST, {"embedding": "failed"}).context["cl"].result_list
    assert [item.external_id for item in failed] == ["b"]


def test_the_form_shows_the_error_and_the_possible_duplicates(shop: Collection) -> None:
    first, second, merged = Item.objects.order_by("pk")
    ItemEmbedding.objects.filter(item=first).update(
        state=EmbeddingState.FAILED, error_class="EncoderRefused", error_message="<b>poison</b>", attempts=8
    )
    pair = DuplicatePair.objects.create(
        collection=shop, first=first, second=second, score=0.9, is_flagged=True, first_digest=b"", second_digest=b""
    )
    Item.objects.filter(pk=merged.pk).update(merged_into=first)
    browser = curator()
    page = browser.get(f"{LIST}{first.pk}/change/").content.decode()
    assert "EncoderRefused: &lt;b&gt;poison&lt;/b&gt;" in page
    assert f"/admin/search/duplicatepair/{pair.pk}/change/" in page
    assert "Item b (b)" in page
    assert f"{LIST}{first.pk}/change/" in browser.get(f"{LIST}{merged.pk}/change/").content.decode()


def test_an_item_page_asks_each_thing_once(shop: Collection, django_assert_max_num_queries: Any) -> None:
    browser = curator()
    item = Item.objects.get(external_id="a")
    with django_assert_max_num_queries(13):
        browser.get(f"{LIST}{item.pk}/change/")
