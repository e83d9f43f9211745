"""What the database derives from an item: search vector, digest, language, identifiers, searched values."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Collection, Item
from catalog.models.collection import Language
from catalog.services.collections import create_collection, update_collection
from search.embedding.text import text_digest
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return make_collection()


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
