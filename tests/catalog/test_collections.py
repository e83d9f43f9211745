"""Creating, changing and deleting collections."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from catalog.errors import Conflict, InvalidInput, NotFound
from catalog.models import Collection, Item
from catalog.services.collections import (
    create_collection,
    delete_collection,
    get_collection,
    get_or_create_collection,
    update_collection,
)
from search.embedding.queue import pipeline
from search.models import ItemEmbedding, Passage
from tests.factories import add_items

pytestmark = pytest.mark.django_db


def test_a_collection_is_made_with_sensible_defaults() -> None:
    collection = create_collection(slug="garden-tools")
    assert (collection.name, collection.language, collection.visibility) == ("Garden tools", "english", "public")
    assert get_collection(slug="garden-tools") == get_or_create_collection(slug="garden-tools") == collection


def test_a_taken_slug_is_a_conflict_and_a_missing_one_not_found() -> None:
    create_collection(slug="shop")
    with pytest.raises(Conflict):
        create_collection(slug="shop")
    with pytest.raises(NotFound):
        get_collection(slug="missing")


@pytest.mark.parametrize("slug", ["", "Shop", "a b", "a--b", "-a", "a_b", "ä", "a" * 65, "shop\n", "a\x00b", "../x"])
def test_a_slug_that_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(InvalidInput, match="slug"):
        create_collection(slug=slug)
    assert not Collection.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "klingon"}, {"visibility": "secret"}, {"name": "x" * 201}, {"name": "nul \x00"},
        {"description": "\x00"}, {"description": "x" * 5_001}, {"attribute_schema": {"a.b": {}}},
        {"attribute_schema": {"a": {"type": "colour"}}}, {"attribute_schema": {"a": {"unknown": 1}}},
        {"attribute_schema": {"a": {"label": "\x00"}}}, {"attribute_schema": {"a\x00": {}}}, {"attribute_schema": []},
        {"duplicate_policy": {"flag_threshold": 2}}, {"duplicate_policy": {"acros": "x"}}, {"owner": "me"},
    ],
)  # fmt: skip
def test_wrong_values_are_refused_on_creating_and_on_changing(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        create_collection(slug="other", **fields)
    shop = create_collection(slug="shop")
    with pytest.raises(InvalidInput):
        update_collection(collection=shop, **fields)
    shop.refresh_from_db()
    assert (shop.language, shop.attribute_schema) == ("english", {})


def test_deleting_a_collection_takes_all_that_was_derived_from_it_and_nothing_else(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    kept, gone = create_collection(slug="kept"), create_collection(slug="gone")
    for collection in (kept, gone):
        add_items(collection, {"title": "tent"}, {"title": "stove"})
    pipeline.drain()
    delete_collection(collection=gone)
    assert list(Collection.objects.all()) == [kept]
    assert Item.objects.count() == Passage.objects.count() == ItemEmbedding.objects.count() == 2
