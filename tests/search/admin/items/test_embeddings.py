"""Embeddings and spaces in the admin, and trying again."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from search.embedding.queue import pipeline
from search.embedding.queue.retry import retry
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.admin_people import charlie, curator

pytestmark = pytest.mark.django_db
LIST = "/admin/search/itemembedding/"


@pytest.fixture
def shop() -> Collection:
    """Item a failed, b waits for its next attempt, c is being embedded, d is embedded."""
    shop = create_collection(slug="shop")
    entries = [parse_item({"external_id": n, "title": f"Item {n}"}) for n in "abcd"]
    upsert_items(collection=shop, entries=entries)
    states = {"a": EmbeddingState.FAILED, "c": EmbeddingState.CLAIMED, "d": EmbeddingState.EMBEDDED}
    for external_id, state in states.items():
        ItemEmbedding.objects.filter(item__external_id=external_id).update(state=state)
    ItemEmbedding.objects.update(attempts=3, next_attempt_at="2100-01-01T00:00Z", error_class="Refused")
    return shop


def test_only_failed_and_waiting_rows_are_tried_again(
    shop: Collection, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    wakes: list[int] = []
    monkeypatch.setattr("search.embedding.queue.wakeup.wake", lambda: wakes.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        assert retry(ItemEmbedding.objects.all()) == 2
    assert len(wakes) == 1
    rows = ItemEmbedding.objects.order_by("item__external_id").values_list("state", "attempts")
    assert list(rows) == [("pending", 0), ("pending", 0), ("claimed", 3), ("embedded", 3)]
    assert pipeline.drain() == 2
    assert ItemEmbedding.objects.get(item__external_id="a").error_class == ""


def test_failed_rows_are_listed_with_their_error_and_tried_again(shop: Collection) -> None:
    browser = curator()
    response = browser.get(LIST, {"state__exact": "failed"})
    (row,) = response.context["cl"].result_list
    assert "Refused" in response.content.decode()
    browser.post(LIST, {"action": "try_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)


def test_the_list_finds_by_item_and_costs_the_same_for_more_rows(
    shop: Collection, django_assert_max_num_queries: Any
) -> None:
    browser = curator()
    with django_assert_max_num_queries(12):
        assert browser.get(LIST).context["cl"].result_count == 4
    assert browser.get(LIST, {"q": "item"}).context["cl"].result_count == 4
    assert browser.get(LIST, {"q": "b"}).context["cl"].result_count == 1


def test_spaces_show_their_coverage(shop: Collection) -> None:
    page = curator().get("/admin/search/embeddingspace/").content.decode()
    assert "1 of 4 items" in page


def test_rows_are_not_edited_and_charlie_retries_nothing(shop: Collection) -> None:
    row = ItemEmbedding.objects.get(item__external_id="a")
    assert curator().post(f"{LIST}{row.pk}/change/", {"state": "embedded"}).status_code == 403
    stranger = charlie()
    assert stranger.post(LIST, {"action": "try_again", "_selected_action": [row.pk]}).status_code == 403
    assert stranger.get("/admin/search/embeddingspace/").status_code == 403
    row.refresh_from_db()
    assert row.state == "failed"
