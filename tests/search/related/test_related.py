"""Related items and recommendations from examples."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.errors import NotFound
from catalog.models import Collection, Item
from search.models import DuplicatePair
from search.models.duplicate import PairState
from search.related.recommend import Recommended, recommend
from search.related.related import RelatedItem, related_items
from search.retrieval.types import Filter
from tests.factories import SCHEMA, add_items, make_collection, make_searchable, shop_of, use_real_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    """Its brands are filtered by and no part of what items mean."""
    schema = {**SCHEMA, "brand": {**SCHEMA["brand"], "searched": "no"}}
    return shop_of(
        {"external_id": "dome", "title": "dome tent for two", "attributes": {"brand": "A"}},
        {"external_id": "tunnel", "title": "tunnel tent for two", "attributes": {"brand": "B"}},
        {"external_id": "family", "title": "family tent for six", "attributes": {"brand": "A"}},
        {"external_id": "stove", "title": "gas stove", "attributes": {"brand": "A"}},
        {"external_id": "oven", "title": "gas oven", "attributes": {"brand": "B"}},
        {"external_id": "draft", "title": "dome tent for two persons", "status": "draft"},
        attribute_schema=schema,
    )


def item(external_id: str) -> Item:
    return Item.objects.get(external_id=external_id)


def ids(found: Sequence[RelatedItem | Recommended]) -> list[str]:
    return [one.item.external_id for one in found]


def test_related_items_are_the_nearest_first_without_the_item_itself(shop: Collection) -> None:
    found = related_items(item=item("dome"))
    assert ids(found)[:2] == ["tunnel", "family"]
    assert "dome" not in ids(found) and "draft" not in ids(found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert ids(related_items(item=item("dome"), limit=1)) == ["tunnel"]


def test_other_collections_and_hidden_items_are_never_related(shop: Collection) -> None:
    shop_of({"external_id": "elsewhere", "title": "dome tent for two"}, slug="other")
    Item.objects.filter(external_id="tunnel").update(merged_into=item("family"))
    Item.objects.filter(external_id="oven").update(status="archived")
    assert set(ids(related_items(item=item("dome"), limit=50))) == {"family", "stove"}


@pytest.mark.parametrize(
    ("state", "is_flagged", "is_left_out"),
    [
        (PairState.CONFIRMED, False, True),
        (PairState.SUGGESTED, True, True),
        (PairState.SUGGESTED, False, False),
        (PairState.DISMISSED, True, False),
    ],
)
def test_duplicates_are_not_related_items_but_dismissed_ones_are(
    shop: Collection, state: PairState, is_flagged: bool, is_left_out: bool
) -> None:
    DuplicatePair.objects.create(
        collection=shop, first=item("dome"), second=item("tunnel"), score=0.9, is_flagged=is_flagged, state=state,
        first_digest=b"", second_digest=b"",
    )  # fmt: skip
    for one, other in (("dome", "tunnel"), ("tunnel", "dome")):
        assert (other not in ids(related_items(item=item(one)))) is is_left_out


def test_of_related_items_that_are_the_same_thing_the_nearest_is_shown(shop: Collection) -> None:
    DuplicatePair.objects.create(
        collection=shop, first=item("tunnel"), second=item("family"), score=0.9, is_flagged=True,
        first_digest=b"", second_digest=b"",
    )  # fmt: skip
    assert ids(related_items(item=item("dome"), limit=2)) == ["tunnel", "oven"]


def test_an_item_of_the_same_text_is_no_related_item(shop: Collection) -> None:
    add_items(shop, {"external_id": "copy", "title": "dome tent for two"})
    make_searchable(shop)
    assert "copy" not in ids(related_items(item=item("dome")))


def test_an_item_of_the_same_text_is_none_whatever_its_attributes_say() -> None:
    texts = [{"external_id": name, "title": "dome tent", "attributes": {"brand": name}} for name in ("red", "blue")]
    shop_of(*texts, {"external_id": "other", "title": "tunnel tent"})
    assert ids(related_items(item=item("red"))) == ["other"]


def test_an_item_without_a_vector_has_no_related_items_yet(shop: Collection) -> None:
    (new,) = add_items(shop, {"title": "dome tent"})
    assert related_items(item=new) == []


def test_related_items_take_few_statements(shop: Collection) -> None:
    one = Item.objects.select_related("collection").get(external_id="dome")
    with CaptureQueriesContext(connection) as captured:
        for related in related_items(item=one):
            str(related.item.collection)
    assert sum(1 for query in captured if "SAVEPOINT" not in query["sql"]) <= 6


def test_recommendations_are_like_the_positive_examples_and_leave_them_out(shop: Collection) -> None:
    found = recommend(collection=shop, positive=["dome", "tunnel"])
    assert ids(found)[0] == "family" and not {"dome", "tunnel", "draft"} & set(ids(found))


def test_negative_examples_push_what_is_like_them_down(shop: Collection) -> None:
    both = recommend(collection=shop, positive=["dome", "stove"])
    without = recommend(collection=shop, positive=["dome", "stove"], negative=["tunnel"])
    assert "oven" in ids(both) and ids(without)[0] == "oven"
    assert "tunnel" not in ids(without)


def test_recommendations_obey_filters_and_limit(shop: Collection) -> None:
    filters = (Filter("brand", terms=("A",)),)
    assert ids(recommend(collection=shop, positive=["tunnel"], filters=filters)) == ["dome", "family", "stove"]
    assert len(recommend(collection=shop, positive=["tunnel"], limit=2)) == 2


def test_diversity_brings_something_else(shop: Collection) -> None:
    near = ids(recommend(collection=shop, positive=["dome"], limit=2))
    varied = ids(recommend(collection=shop, positive=["dome"], limit=2, diversity=0.9))
    assert near == ["tunnel", "family"]
    assert varied[0] == "tunnel" and varied[1] in ("stove", "oven")


@pytest.mark.parametrize("unknown", ["missing", "draft", "elsewhere", "", "x\x01"])
def test_an_example_that_nobody_may_see_is_not_found(shop: Collection, unknown: str) -> None:
    shop_of({"external_id": "elsewhere", "title": "dome tent"}, slug="other")
    for positive, negative in (["dome", unknown], []), (["dome"], [unknown]):
        with pytest.raises(NotFound) as caught:
            recommend(collection=shop, positive=positive, negative=negative)
        assert caught.value.details == {"external_ids": [unknown]}


def test_examples_that_cancel_each_other_out_or_have_no_vector_recommend_nothing(shop: Collection) -> None:
    add_items(shop, {"external_id": "new", "title": "new tent"})
    assert recommend(collection=shop, positive=["new"]) == []
    assert recommend(collection=shop, positive=[]) == []
    assert recommend(collection=make_collection("empty"), positive=[]) == []


@pytest.mark.model
def test_with_the_real_model_related_means_of_one_kind_without_a_common_word() -> None:
    use_real_model()
    shop = shop_of(
        {"external_id": "a", "title": "Sofa", "body": "Seats three in front of the television."},
        {"external_id": "b", "title": "Armchair", "body": "Soft place to sit by the fireplace."},
        {"external_id": "c", "title": "Chainsaw", "body": "Fells trees with a petrol engine."},
    )
    assert ids(related_items(item=item("a")))[0] == "b" and shop.pk
