"""Whoever writes an item's text, the database itself marks its embedding pending; other changes do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from catalog.models import Collection, Item
from search.embedding.queue import pipeline
from search.models import EmbeddingSpace, ItemEmbedding, Passage
from search.models.embedding import EmbeddingState, Priority, SpaceState
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def collection() -> Collection:
    return make_collection()


def sql(statement: str, *parameters: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def save(item: Item) -> None:
    item.title = "new"
    item.save()


def bulk_update(item: Item) -> None:
    item.body = "new"
    Item.objects.bulk_update([item], ["body"])


WRITERS: dict[str, Callable[[Item], object]] = {
    "save": save,
    "bulk_update": bulk_update,
    "QuerySet.update": lambda item: Item.objects.filter(pk=item.pk).update(title="new"),
    "raw SQL": lambda item: sql("UPDATE catalog_item SET body = 'new' WHERE id = %s", item.pk),
    "upsert": lambda item: sql(
        "INSERT INTO catalog_item (collection_id, external_id, title, body, url, image, attributes, status, created_at,"
        " updated_at) VALUES (%s, %s, 'new', '', '', '', '{}', 'published', now(), now())"
        " ON CONFLICT (collection_id, external_id) DO UPDATE SET title = excluded.title",
        item.collection_id,
        item.external_id,
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_changed_text_is_pending_whoever_changed_it(collection: Collection, writer: str) -> None:
    (item,) = add_items(collection, {"title": "old"})
    assert pipeline.drain() == 1
    before = ItemEmbedding.objects.get(item=item)
    WRITERS[writer](item)
    after = ItemEmbedding.objects.get(item=item)
    assert (after.state, after.revision) == (EmbeddingState.PENDING, before.revision + 1)
    assert pipeline.drain() == 1
    assert bytes(ItemEmbedding.objects.get(item=item).digest or b"") == bytes(Item.objects.get().text_digest)


def test_bulk_create_and_copy_mark_pending(collection: Collection) -> None:
    Item.objects.bulk_create([Item(collection=collection, external_id=f"b{n}", title=f"b {n}") for n in range(60)])
    columns = "collection_id, external_id, title, body, url, image, attributes, status, created_at, updated_at"
    with connection.cursor() as cursor, cursor.copy(f"COPY catalog_item ({columns}) FROM STDIN") as copy:
        for n in range(3):
            row = (collection.pk, f"c{n}", "c", "", "", "", "{}", "published", "2026-01-01", "2026-01-01")
            copy.write_row(row)
    rows = ItemEmbedding.objects.filter(state=EmbeddingState.PENDING)
    assert rows.filter(item__external_id__startswith="b", priority=Priority.BULK).count() == 60
    assert rows.filter(item__external_id__startswith="c", priority=Priority.LIVE).count() == 3


def test_changes_that_do_not_touch_the_text_do_not(collection: Collection) -> None:
    (item,) = add_items(collection, {"title": "same"})
    pipeline.drain()
    Item.objects.update(url="https://example.org", status="archived", attributes={"price": 3}, title="same")
    assert ItemEmbedding.objects.get(item=item).state == EmbeddingState.EMBEDDED


def test_an_item_is_pending_in_every_space_that_lives(collection: Collection) -> None:
    for state in SpaceState:
        if state != SpaceState.ACTIVE:
            EmbeddingSpace.objects.create(name=state, kind="fake", model="fake", dimensions=8, state=state)
    (item,) = add_items(collection, {"title": "one"})
    assert set(ItemEmbedding.objects.filter(item=item).values_list("space__state", flat=True)) == {
        SpaceState.BUILDING,
        SpaceState.READY,
        SpaceState.ACTIVE,
    }


def test_a_deleted_item_leaves_nothing_behind(collection: Collection) -> None:
    (item,) = add_items(collection, {"title": "gone"})
    pipeline.drain()
    sql("DELETE FROM catalog_item WHERE id = %s", item.pk)
    assert not ItemEmbedding.objects.exists()
    assert not Passage.objects.exists()


def test_vectors_follow_an_item_into_another_collection(collection: Collection) -> None:
    (item,) = add_items(collection, {"title": "moving"})
    pipeline.drain()
    other = make_collection("other")
    Item.objects.filter(pk=item.pk).update(collection=other)
    assert Passage.objects.get().collection_id == ItemEmbedding.objects.get().collection_id == other.pk


MANY = 20_000  # comparing each with each would take minutes

CHANGES_OF_MANY = {
    "texts": ("UPDATE catalog_item SET body = 'new'", EmbeddingState.PENDING),
    "attributes": ('UPDATE catalog_item SET attributes = \'{"brand": "acme", "price": 3}\'', EmbeddingState.EMBEDDED),
    "searched attributes": ('UPDATE catalog_item SET attributes = \'{"brand": "x"}\'', EmbeddingState.PENDING),
    "collections": ("UPDATE catalog_item SET collection_id = {other}", EmbeddingState.EMBEDDED),
    "identifiers": (
        'UPDATE catalog_collection SET attribute_schema = \'{"brand": {"type": "term", "identifier": true}}\'',
        EmbeddingState.PENDING,
    ),
}


@pytest.mark.parametrize("change", CHANGES_OF_MANY)
def test_many_items_are_changed_at_once_in_a_session_that_changed_few_before(
    collection: Collection, change: str
) -> None:
    other = make_collection("other")
    sql(
        "INSERT INTO catalog_item (collection_id, external_id, title, body, url, image, attributes, status, created_at,"
        " updated_at) SELECT %s, n, 'item ' || n, '', '', '', '{\"brand\": \"acme\"}', 'published', now(), now()"
        f" FROM generate_series(1, {MANY}) n",
        collection.pk,
    )
    sql("UPDATE search_itemembedding SET state = 'embedded', checked_digest = '\\x00'")
    for n in range(8):  # from the sixth execution on PostgreSQL may keep a plan
        sql(
            "UPDATE catalog_item SET url = 'https://example.org', attributes = attributes || '{\"price\": 2}'"
            " WHERE external_id = %s",
            str(n),
        )
    sql("SET LOCAL statement_timeout = '30s'")
    statement, state = CHANGES_OF_MANY[change]
    sql(statement.replace("{other}", str(other.pk)))
    assert ItemEmbedding.objects.filter(state=state).count() == MANY
    if change == "collections":
        assert ItemEmbedding.objects.filter(collection=other).count() == MANY
    if "attributes" in change:
        assert not ItemEmbedding.objects.filter(checked_digest__isnull=False).exists()
    if change == "identifiers":
        assert Item.objects.filter(identifiers__contains=["acme"]).count() == MANY
