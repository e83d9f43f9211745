"""Writing items: upserts, what the database derives from them, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.access import Actor
from catalog.errors import Conflict, InvalidInput, NotFound
from catalog.models import Collection, Item
from catalog.models.collection import Language
from catalog.schemas import ItemInput, parse_item
from catalog.services.changes import change_item
from catalog.services.collections import create_collection, update_collection
from catalog.services.items import create_item, delete_item, get_item, upsert_items
from catalog.signals import items_changed
from catalog.visibility import visible_item
from search.embedding.text import text_digest
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


def test_the_search_vector_has_title_and_body_with_their_weights(shop: Collection) -> None:
    (item,) = add_items(shop, {"title": "Warm tents", "body": "for camping, and/or hiking"})
    assert str(Item.objects.get(pk=item.pk).search_vector) == "'camp':4B 'hike':7B 'tent':2A 'warm':1A"


SEARCHED = {
    "brand": {"type": "term", "searched": "high"},
    "colours": {"type": "term", "facet": True},
    "note": {"type": "text", "searched": "low"},
    "price": {"type": "number"},
    "year": {"type": "number", "searched": "normal"},
    "source": {"type": "term", "searched": "no"},
    "sku": {"type": "term", "identifier": True},
}
ATTRIBUTES = {
    "brand": "Norrdal", "colours": ["moss green", "sand"], "note": "sale", "price": 9, "year": 2026, "source": "feed",
    "sku": "NRD-1", "undeclared": "word",
}  # fmt: skip


def test_attribute_values_are_searched_by_the_weight_that_the_schema_gives(shop: Collection) -> None:
    update_collection(collection=shop, attribute_schema=SEARCHED)
    (item,) = add_items(shop, {"title": "tent", "attributes": ATTRIBUTES})
    stored = Item.objects.get(pk=item.pk)
    assert stored.attribute_texts == ["Norrdal", "moss green\nsand\n2026", "sale"]
    assert str(stored.search_vector) == "'2026':6C 'green':4C 'moss':3C 'norrdal':2A 'sale':7 'sand':5C 'tent':1A"


def test_searched_values_follow_attributes_and_schema_whoever_writes_them(shop: Collection) -> None:
    (item,) = add_items(shop, {"title": "tent", "attributes": {"brand": "Norrdal", "price": 9}})
    Item.objects.update(attributes={"brand": "Tarnholt"})
    stored = Item.objects.get(pk=item.pk)
    assert "'tarnholt':2C" in str(stored.search_vector)
    stored.title = "tarp"
    stored.save()
    assert str(Item.objects.get(pk=item.pk).search_vector) == "'tarnholt':2C 'tarp':1A"
    Collection.objects.update(attribute_schema={"brand": {"type": "term", "searched": "no"}})
    assert str(Item.objects.get(pk=item.pk).search_vector) == "'tarp':1A"


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50),
    st.text("ab \né漢", max_size=50),
)
def test_the_digest_is_the_same_in_python_and_in_sql(title: str, body: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT akin_text_digest(%s, %s)", [title, body])
        assert bytes(cursor.fetchone()[0]) == text_digest(title, body)


def test_items_follow_the_language_of_their_collection(shop: Collection) -> None:
    add_items(shop, {"title": "running shoes"})
    vectors = {}
    for language in ("english", "simple", "german"):
        update_collection(collection=shop, language=language)
        vectors[language] = str(Item.objects.get().search_vector)
    assert vectors == {
        "english": "'run':1A 'shoe':2A",
        "simple": "'running':1A 'shoes':2A",
        "german": "'running':1A 'shos':2A",
    }
    Collection.objects.update(language="english")
    assert str(Item.objects.get().search_vector) == vectors["english"]


@pytest.mark.parametrize("language", Language.values)
def test_every_language_offered_is_one_that_postgresql_has(language: str) -> None:
    collection = create_collection(slug="words", language=language)
    (item,) = add_items(collection, {"title": "tent"})
    assert Item.objects.get(pk=item.pk).language == language


def test_identifiers_follow_the_schema_of_the_collection(shop: Collection) -> None:
    add_items(
        shop, {"external_id": "A-1", "title": "tent", "attributes": {"sku": "TN 20/44", "ean": ["978-3", 42], "x": 1}}
    )
    assert identifiers() == ["a1", "tn2044"]
    update_collection(collection=shop, attribute_schema={"ean": {"identifier": True}})
    assert identifiers() == ["42", "9783", "a1"]
    Item.objects.update(attributes={"ean": "7-7"})
    assert identifiers() == ["77", "a1"]
    Collection.objects.update(attribute_schema={})
    assert identifiers() == ["a1"]


def identifiers() -> list[str]:
    return sorted(Item.objects.get().identifiers)


def test_an_item_that_moves_is_read_by_its_new_collection(shop: Collection) -> None:
    (item,) = add_items(shop, {"external_id": "a", "title": "running", "attributes": {"sku": "S-1"}})
    plain = create_collection(slug="plain", language="simple")
    Item.objects.filter(pk=item.pk).update(collection=plain)
    moved = Item.objects.get(pk=item.pk)
    assert (str(moved.search_vector), moved.identifiers) == ("'running':1A", ["a"])


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
