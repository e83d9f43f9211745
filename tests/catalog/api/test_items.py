"""Items over the JSON API."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db
ITEMS = "collections/shop/items"


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def test_one_item_is_shown_with_its_embedding_state(shop: Collection) -> None:
    answer = Caller().get(f"{ITEMS}/tent-1")
    assert answer.status == 200
    assert set(answer.json) == {
        *("external_id", "title", "body", "url", "image", "attributes", "status", "merged_into"),
        *("created_at", "updated_at", "embedding"),
    }
    assert answer.json["attributes"] == {"brand": "Norrdal", "price": 249, "sku": "TN-2044"}
    assert answer.json["embedding"] == {"state": "pending", "attempts": 0, "error": None, "embedded_at": None}


def test_an_external_id_may_have_slashes(shop: Collection) -> None:
    assert Caller().get(f"{ITEMS}/tent/2").json["external_id"] == "tent/2"
    assert Caller().get(f"{ITEMS}/tent%2F2").json["external_id"] == "tent/2"


def test_a_missing_item_is_not_found(shop: Collection) -> None:
    for external_id in ("none", "a%00b", "x" * 300):
        answer = Caller().get(f"{ITEMS}/{external_id}")
        assert (answer.status, answer.code) == (404, "not_found")


def test_drafts_are_for_writers(shop: Collection) -> None:
    assert Caller().get(f"{ITEMS}/draft-1").status == 404
    assert Caller(Scope.READ).get(f"{ITEMS}/draft-1").status == 404
    assert Caller(Scope.WRITE).get(f"{ITEMS}/draft-1").json["status"] == "draft"
    assert "draft-1" not in [one["external_id"] for one in Caller().get(ITEMS).json["items"]]
    assert Caller().get(ITEMS, status="draft").json["items"] == []
    assert len(Caller(Scope.WRITE).get(ITEMS, status="draft").json["items"]) == 1


def test_items_are_paged_without_gap_or_overlap(shop: Collection) -> None:
    first = Caller().get(ITEMS, limit=2)
    second = Caller().get(ITEMS, limit=2, cursor=first.json["next_cursor"])
    ids = [one["external_id"] for one in first.json["items"] + second.json["items"]]
    assert ids == ["tent-1", "stove-1", "tent/2"]
    assert second.json["next_cursor"] is None


def test_an_empty_collection_has_an_empty_list(shop: Collection) -> None:
    Item.objects.all().delete()
    assert Caller().get(ITEMS).json == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("cursor", ["x", "W10:abc", "a" * 10_000, ""])
def test_a_cursor_that_was_not_given_is_refused(shop: Collection, cursor: str) -> None:
    assert Caller().get(ITEMS, cursor=cursor).code == "invalid"


def test_a_cursor_of_another_list_is_refused(shop: Collection) -> None:
    make_shop(slug="other")
    cursor = Caller().get(ITEMS, limit=1).json["next_cursor"]
    answer = Caller().get("collections/other/items", cursor=cursor)
    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize("limit", [0, -1, 101, "many", 10**30])
def test_a_limit_out_of_bounds_is_refused(shop: Collection, limit: Any) -> None:
    answer = Caller().get(ITEMS, limit=limit)
    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (422, "limit")


def test_a_list_takes_the_same_queries_for_any_length(
    shop: Collection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for limit in (1, 3):
        with django_assert_num_queries(3):  # collection, items, embeddings
            Caller().get(ITEMS, limit=limit)


def test_a_writer_creates_replaces_changes_and_deletes_an_item(shop: Collection) -> None:
    writer = Caller(Scope.WRITE)
    created = writer.post(ITEMS, {"external_id": "mug", "title": "Mug", "attributes": {"brand": "Norrdal"}})
    assert (created.status, created.json["embedding"]["state"]) == (201, "pending")
    assert writer.post(ITEMS, {"external_id": "mug", "title": "Mug"}).code == "conflict"
    changed = writer.patch(f"{ITEMS}/mug", {"body": "Of steel."})
    assert (changed.json["title"], changed.json["body"]) == ("Mug", "Of steel.")
    assert changed.json["attributes"] == {"brand": "Norrdal"}
    replaced = writer.put(f"{ITEMS}/mug", {"title": "Cup"})
    assert (replaced.status, replaced.json["body"], replaced.json["attributes"]) == (200, "", {})
    assert writer.delete(f"{ITEMS}/mug").status == 204
    assert writer.delete(f"{ITEMS}/mug").status == 404


def test_putting_a_new_item_creates_it(shop: Collection) -> None:
    writer = Caller(Scope.WRITE)
    answer = writer.put(f"{ITEMS}/new/one", {"external_id": "new/one", "title": "New"})
    assert (answer.status, answer.json["external_id"]) == (201, "new/one")
    assert writer.put(f"{ITEMS}/new/one", {"external_id": "other", "title": "New"}).status == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "No id"}, "external_id"),
        ({"external_id": "", "title": "x"}, "external_id"),
        ({"external_id": "x" * 201, "title": "x"}, "external_id"),
        ({"external_id": "x"}, "body"),
        ({"external_id": "x", "title": "x" * 1_001}, "title"),
        ({"external_id": "x", "body": "x" * 200_001}, "body"),
        ({"external_id": "x", "title": "a\x00b"}, "title"),
        ({"external_id": "x", "title": "x", "url": "javascript:alert(1)"}, "url"),
        ({"external_id": "x", "title": "x", "attributes": {"a": {"b": 1}}}, "body"),
        ({"external_id": "x", "title": "x", "colour": "red"}, "colour"),
        ({"external_id": "x", "title": 3}, "title"),
        (None, "body"),
    ],
)
def test_bad_items_are_refused_by_field(shop: Collection, body: Any, field: str) -> None:
    answer = Caller(Scope.WRITE).post(ITEMS, body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert field in [one["field"] for one in answer.json["error"]["details"]]


def test_an_identifier_too_long_for_the_index_is_bad_input(shop: Collection) -> None:
    identifier = "".join(f"{number:x}" for number in range(12_000))
    answer = Caller(Scope.WRITE).post(ITEMS, {"external_id": "x", "title": "x", "attributes": {"sku": identifier}})
    assert (answer.status, answer.code) == (422, "invalid")


def test_changing_a_missing_item_is_not_found(shop: Collection) -> None:
    assert Caller(Scope.WRITE).patch(f"{ITEMS}/none", {"title": "x"}).status == 404


def test_an_id_cannot_be_changed(shop: Collection) -> None:
    assert Caller(Scope.WRITE).patch(f"{ITEMS}/tent-1", {"external_id": "other"}).status == 422


def test_strangers_and_readers_may_not_write(shop: Collection) -> None:
    other = make_shop(slug="other")
    for caller, status in ((Caller(), 401), (Caller(Scope.READ), 403), (Caller(Scope.WRITE, other), 403)):
        assert caller.post(ITEMS, {"external_id": "x", "title": "x"}).status == status
        assert caller.put(f"{ITEMS}/tent-1", {"title": "x"}).status == status
        assert caller.patch(f"{ITEMS}/tent-1", {"title": "x"}).status == status
        assert caller.delete(f"{ITEMS}/tent-1").status == status
        assert caller.post(f"{ITEMS}/bulk", []).status == status


def test_a_merged_item_leads_to_its_keeper(shop: Collection) -> None:
    keeper = Item.objects.get(external_id="tent/2")
    Item.objects.filter(external_id="tent-1").update(merged_into=keeper)
    Item.objects.filter(external_id="stove-1").update(merged_into=Item.objects.get(external_id="tent-1"))
    for external_id in ("tent-1", "stove-1"):
        answer = Caller().get(f"{ITEMS}/{external_id}")
        assert (answer.status, answer.headers["Location"]) == (308, "/api/v1/collections/shop/items/tent/2")
    assert [one["external_id"] for one in Caller().get(ITEMS).json["items"]] == ["tent/2"]
    listed = {one["external_id"]: one["merged_into"] for one in Caller(Scope.WRITE).get(ITEMS).json["items"]}
    assert (listed["tent-1"], listed["stove-1"], listed["tent/2"]) == ("tent/2", "tent-1", None)


def test_writing_to_a_merged_item_never_touches_its_keeper(shop: Collection) -> None:
    keeper = Item.objects.get(external_id="tent/2")
    Item.objects.filter(external_id="tent-1").update(merged_into=keeper)
    writer = Caller(Scope.WRITE)
    assert writer.put(f"{ITEMS}/tent-1", {"title": "Renamed"}).json["merged_into"] == "tent/2"
    assert writer.delete(f"{ITEMS}/tent-1").status == 204
    assert Caller().get(f"{ITEMS}/tent/2").json["title"] == "Four-person family tent"


def test_a_merged_item_whose_keeper_is_hidden_is_missing(shop: Collection) -> None:
    Item.objects.filter(external_id="tent-1").update(merged_into=Item.objects.get(external_id="draft-1"))
    assert Caller().get(f"{ITEMS}/tent-1").status == 404
