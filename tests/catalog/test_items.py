"""Writing items: upserts, what the database derives from them, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.access import Actor
from catalog.errors import Conflict, InvalidInput, NotFound
from catalog.models import Collection, Item
from catalog.schemas import ItemInput, parse_item
from catalog.services.changes import change_item
from catalog.services.items import create_item, delete_item, get_item, upsert_items
from catalog.signals import items_changed
from catalog.visibility import visible_item
from tests.factories import SCHEMA, add_items, make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return make_collection()


def entry(external_id: str = "a", title: str = "tent", **fields: Any) -> ItemInput:
    return parse_item({"external_id": external_id, "title": title, **fields})


def outcomes(collection: Collection, *entries: ItemInput) -> list[str]:
    return [result.outcome for result in upsert_items(collection=collection, entries=entries)]


def test_what_is_new_is_created_what_differs_updated_and_the_rest_left_alone(shop: Collection) -> None:
    assert outcomes(shop, entry("a"), entry("b")) == ["created", "created"]
    assert outcomes(shop, entry("a"), entry("b", title="stove"), entry("c")) == ["unchanged", "updated", "created"]
    assert list(shop.items.values_list("external_id", "title")) == [("a", "tent"), ("b", "stove"), ("c", "tent")]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "stove"}, {"body": "x"}, {"url": "https://example.org"}, {"image": "/a.png"}, {"status": "draft"},
        {"attributes": {}}, {"attributes": {"n": True}}, {"attributes": {"n": 1, "m": None}},
        {"attributes": {"n": [1]}},
    ],
)  # fmt: skip
def test_a_change_of_any_field_is_an_update(shop: Collection, change: dict[str, Any]) -> None:
    before: dict[str, Any] = {"attributes": {"n": 1}}
    upsert_items(collection=shop, entries=[entry(**before)])
    assert outcomes(shop, entry(**{**before, **change})) == ["updated"]
    assert outcomes(shop, entry(**{**before, **change})) == ["unchanged"]


def test_an_unchanged_item_is_not_written(shop: Collection) -> None:
    add_items(shop, {"external_id": "a", "title": "tent"})
    Item.objects.update(updated_at=timezone.now() - timedelta(days=1))
    upsert_items(collection=shop, entries=[entry("a")])
    assert get_item(collection=shop, external_id="a").updated_at < timezone.now() - timedelta(hours=1)


def test_of_entries_with_one_id_the_last_stays_and_each_counts_as_if_alone(shop: Collection) -> None:
    assert outcomes(shop, entry(title="one"), entry(title="two"), entry(title="two")) == [
        "created",
        "updated",
        "unchanged",
    ]
    assert [item.title for item in shop.items.all()] == ["two"]


def test_entries_that_end_where_they_began_write_nothing(shop: Collection) -> None:
    add_items(shop, {"external_id": "a", "title": "tent"})
    before = get_item(collection=shop, external_id="a").updated_at
    assert outcomes(shop, entry(title="other"), entry(title="tent")) == ["updated", "updated"]
    assert get_item(collection=shop, external_id="a").updated_at == before


def test_the_same_external_id_may_be_in_several_collections(shop: Collection) -> None:
    other = make_collection("other")
    assert outcomes(shop, entry("a")) == outcomes(other, entry("a")) == ["created"]


def test_a_batch_takes_a_fixed_number_of_statements(
    shop: Collection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):  # savepoint, turn, lock and read, write, release
        upsert_items(collection=shop, entries=[entry(str(n)) for n in range(200)])


def test_listeners_hear_of_a_change_once_after_the_commit_and_not_of_nothing(
    shop: Collection, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[int] = []

    def listen(collection_id: int, **kwargs: Any) -> None:
        heard.append(collection_id)

    items_changed.connect(listen)
    try:
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                upsert_items(collection=shop, entries=[entry("a"), entry("b")])
        assert heard == [shop.pk]
        with django_capture_on_commit_callbacks(execute=True):
            delete_item(item=get_item(collection=shop, external_id="a"))
        assert heard == [shop.pk, shop.pk]
    finally:
        items_changed.disconnect(listen)


def test_creating_what_exists_is_a_conflict(shop: Collection) -> None:
    create_item(collection=shop, entry=entry("a"))
    with pytest.raises(Conflict, match="'a' exists already"):
        create_item(collection=shop, entry=entry("a", title="stove"))


def test_changing_one_field_leaves_the_others(shop: Collection) -> None:
    create_item(collection=shop, entry=entry("a", body="light", attributes={"n": 1}))
    item, outcome = change_item(collection=shop, external_id="a", changes={"title": "Tarp"})
    assert (item.title, item.body, item.attributes, outcome) == ("Tarp", "light", {"n": 1}, "updated")
    with pytest.raises(InvalidInput, match="cannot be changed"):
        change_item(collection=shop, external_id="a", changes={"external_id": "b"})
    with pytest.raises(NotFound):
        change_item(collection=shop, external_id="missing", changes={})


@pytest.mark.parametrize("clash", [{"title": "", "body": ""}, {"status": "gone"}])
def test_the_database_keeps_the_rules_whoever_writes(shop: Collection, clash: dict[str, str]) -> None:
    (item,) = add_items(shop, {"title": "tent"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(**clash)
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(merged_into=item)


# What PostgreSQL derives


# What comes in


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"title": "tent"}, "external_id: Field required"),
        ({"external_id": "", "title": "tent"}, "external_id"),
        ({"external_id": "a"}, "title and body are both empty"),
        ({"external_id": "a", "title": " \n", "body": "\t"}, "title and body are both empty"),
        ({"external_id": "a", "title": "tent", "colour": "red"}, "colour: unknown key"),
        ({"external_id": "a", "title": "te\0nt"}, "NUL"),
        ({"external_id": "a\0", "title": "tent"}, "NUL"),
        ({"external_id": "a", "title": "x" * 1_001}, "title"),
        ({"external_id": "a", "title": "x", "body": "x" * 200_001}, "body"),
        ({"external_id": "a", "title": "x", "url": "javascript:alert(1)"}, "url"),
        ({"external_id": "a", "title": "x", "image": "data:text/html,AA"}, "image"),
        ({"external_id": "a", "title": "x", "status": "gone"}, "status"),
        ({"external_id": "a", "title": "x", "attributes": {"n": {"a": 1}}}, "must be text, a number"),
        ({"external_id": "a", "title": "x", "attributes": {"n": [[1]]}}, "must be text, a number"),
        ({"external_id": "a", "title": "x", "attributes": {"n": float("nan")}}, "finite"),
        ({"external_id": "a", "title": "x", "attributes": {"n": "\0"}}, "NUL"),
        ({"external_id": "a", "title": "x", "attributes": {"n\0": 1}}, "NUL"),
        ({"external_id": "a", "title": "x", "attributes": {"": 1}}, "attributes"),
        ({"external_id": "a", "title": "x", "attributes": {"a.b": 1}}, "attributes"),
        ({"external_id": "a", "title": "x", "attributes": {"n": 2**70}}, "'n' must be between"),
        ({"external_id": "a", "title": "x", "attributes": {"n": "x" * 65_000}}, "at most 64,000"),
        ({"external_id": "a", "title": "x", "attributes": {str(n): 1 for n in range(101)}}, "attributes"),
        ([], "item"), ("tent", "item"), (None, "item"), (7, "item"),
    ],
)  # fmt: skip
def test_a_wrong_item_is_refused_with_the_reason(data: object, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_item(data)
    assert reason in caught.value.message
    assert caught.value.details


PLAIN = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(-1e15, 1e15), PLAIN)


class StoredItems(TestCase):
    """Hypothesis needs a transaction for each example, which pytest's fixtures do not give it."""

    @settings(max_examples=40)
    @given(
        PLAIN.filter(str.strip),
        PLAIN,
        st.dictionaries(st.from_regex(r"\A[^\s.\0][^.\0]{0,10}\Z"), VALUES | st.lists(VALUES, max_size=3), max_size=4),
    )
    def test_what_is_accepted_is_stored_as_it_came_and_unchanged_the_second_time(
        self, title: str, body: str, attributes: dict[str, Any]
    ) -> None:
        shop = Collection.objects.filter(slug="shop").first() or make_collection()
        accepted = entry("a", title=title, body=body, attributes=attributes)
        assert outcomes(shop, accepted)[0] in ("created", "updated", "unchanged")
        item = get_item(collection=shop, external_id="a")
        assert (item.title, item.body, item.attributes) == (title, body, attributes)
        assert outcomes(shop, accepted) == ["unchanged"]


def test_a_visitor_is_led_from_a_merged_item_to_its_keeper_and_sees_no_hidden_one(shop: Collection) -> None:
    keeper, merged, draft = add_items(
        shop,
        {"external_id": "keeper", "title": "tent"},
        {"external_id": "merged", "title": "tent"},
        {"external_id": "draft", "title": "tent", "status": "draft"},
    )
    Item.objects.filter(pk=merged.pk).update(merged_into=keeper)
    stranger, curator = Actor(), Actor(rank=3)
    assert visible_item(actor=stranger, collection=shop, external_id="merged").pk == keeper.pk
    assert visible_item(actor=curator, collection=shop, external_id="draft").pk == draft.pk
    for hidden in ("draft", "missing"):
        with pytest.raises(NotFound, match=f"There is no item '{hidden}'"):
            visible_item(actor=stranger, collection=shop, external_id=hidden)


def test_the_schema_of_the_factories_is_valid() -> None:
    assert make_collection("another").attribute_schema == SCHEMA
