"""Collections over the JSON API."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection
from catalog.models.api_key import Scope
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db


def test_a_stranger_lists_public_collections_only() -> None:
    make_shop()
    make_shop(slug="vault", visibility="private")
    answer = Caller().get("collections")
    assert answer.status == 200
    assert [one["slug"] for one in answer.json["collections"]] == ["shop"]
    assert answer.json["next_cursor"] is None


def test_no_collections_is_an_empty_list() -> None:
    assert Caller().get("collections").json == {"collections": [], "next_cursor": None}


def test_collections_are_paged_without_gap_or_overlap() -> None:
    for number in range(5):
        make_shop(slug=f"shop-{number}")
    seen: list[str] = []
    cursor: dict[str, str | None] = {}
    for _ in range(3):
        answer = Caller().get("collections", limit=2, **cursor)
        seen += [one["slug"] for one in answer.json["collections"]]
        cursor = {"cursor": answer.json["next_cursor"]}
    assert seen == [f"shop-{number}" for number in range(5)]
    assert cursor == {"cursor": None}


def test_a_curator_creates_changes_and_deletes_a_collection() -> None:
    curator = Caller(Scope.CURATE)
    schema = {"brand": {"type": "term", "facet": True}}
    created = curator.post("collections", {"slug": "garden-tools", "attribute_schema": schema})
    assert created.status == 201
    assert created.json["name"] == "Garden tools"
    assert created.json["visibility"] == "public"
    assert created.json["attribute_schema"]["brand"]["facet"] is True
    changed = curator.patch("collections/garden-tools", {"visibility": "private"})
    assert changed.status == 200
    assert (changed.json["visibility"], changed.json["name"]) == ("private", "Garden tools")
    assert curator.get("collections/garden-tools").json == changed.json
    assert curator.delete("collections/garden-tools").status == 204
    assert not Collection.objects.exists()


def test_deleting_a_collection_deletes_its_items() -> None:
    make_shop()
    assert Caller(Scope.CURATE).delete("collections/shop").status == 204
    assert Caller().get("collections/shop/items").status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"slug": "Not a slug"}, "slug"),
        ({"slug": "a" * 65}, "slug"),
        ({"slug": "a\x00b"}, None),
        ({"name": "No slug"}, "slug"),
        ({"slug": "fine", "language": "klingon"}, "language"),
        ({"slug": "fine", "visibility": "secret"}, "visibility"),
        ({"slug": "fine", "attribute_schema": {"x": {"type": "colour"}}}, "attribute_schema.x.type"),
        ({"slug": "fine", "duplicate_policy": {"flag_threshold": 2}}, "duplicate_policy.flag_threshold"),
        ({"slug": "fine", "colour": "red"}, "colour"),
        (["not", "an", "object"], "body"),
    ],
)
def test_bad_collections_are_refused_by_field(body: Any, field: str | None) -> None:
    answer = Caller(Scope.CURATE).post("collections", body)
    assert (answer.status, answer.code) == (422, "invalid")
    if field is not None:
        assert field in [one["field"] for one in answer.json["error"]["details"]]
    assert not Collection.objects.exists()


def test_a_taken_slug_is_a_conflict() -> None:
    make_shop()
    answer = Caller(Scope.CURATE).post("collections", {"slug": "shop"})
    assert (answer.status, answer.code) == (409, "conflict")


def test_strangers_readers_and_writers_may_not_manage_collections() -> None:
    shop = make_shop()
    for caller, status in (
        (Caller(), 401),
        (Caller(Scope.READ), 403),
        (Caller(Scope.WRITE), 403),
        (Caller(Scope.WRITE, shop), 403),
    ):
        assert caller.post("collections", {"slug": "mine"}).status == status
        assert caller.patch("collections/shop", {"name": "Mine"}).status == status
        assert caller.delete("collections/shop").status == status
    assert [one.name for one in Collection.objects.all()] == ["Shop"]


def test_a_curator_of_one_collection_manages_no_other() -> None:
    shop, other = make_shop(), make_shop(slug="other")
    curator = Caller(Scope.CURATE, shop)
    assert curator.patch("collections/shop", {"name": "Mine"}).status == 200
    assert curator.patch(f"collections/{other.slug}", {"name": "Mine"}).status == 403
    assert curator.post("collections", {"slug": "new"}).status == 403
