"""Related items and recommendations over the JSON API."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from search.embedding.queue import pipeline
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db
RECOMMEND = "collections/shop/recommend"


@pytest.fixture
def shop() -> Collection:
    shop = make_shop()
    pipeline.drain()
    return shop


def ids(answer: Any) -> list[str]:
    return [one["external_id"] for one in answer.json["items"]]


def test_related_items_leave_out_the_item_and_drafts(shop: Collection) -> None:
    answer = Caller().get("collections/shop/items/tent-1/related", limit=5)
    assert answer.status == 200
    assert set(ids(answer)) == {"tent/2", "stove-1"}
    fields = {"external_id", "title", "url", "image", "attributes", "score", "is_variant"}
    assert set(answer.json["items"][0]) == fields


def test_an_id_with_a_slash_has_related_items(shop: Collection) -> None:
    assert "tent-1" in ids(Caller().get("collections/shop/items/tent/2/related"))


def test_an_item_that_is_not_embedded_yet_has_none(shop: Collection) -> None:
    Caller(Scope.WRITE).put("collections/shop/items/new", {"title": "New"})
    assert ids(Caller().get("collections/shop/items/new/related")) == []


def test_missing_and_hidden_items_have_no_related_items(shop: Collection) -> None:
    for external_id in ("none", "draft-1"):
        assert Caller().get(f"collections/shop/items/{external_id}/related").status == 404


def test_a_merged_item_leads_to_what_is_related_to_its_keeper(shop: Collection) -> None:
    Item.objects.filter(external_id="tent-1").update(merged_into=Item.objects.get(external_id="tent/2"))
    answer = Caller().get("collections/shop/items/tent-1/related")
    assert (answer.status, answer.headers["Location"]) == (308, "/api/v1/collections/shop/items/tent/2/related")


def test_a_limit_out_of_bounds_is_refused(shop: Collection) -> None:
    assert Caller().get("collections/shop/items/tent-1/related", limit=51).code == "invalid"


def test_recommendations_leave_out_the_examples(shop: Collection) -> None:
    answer = Caller().post(RECOMMEND, {"positive": ["tent-1"], "negative": ["stove-1"], "diversity": 0.3})
    assert (answer.status, ids(answer)) == (200, ["tent/2"])


def test_recommendations_are_filtered(shop: Collection) -> None:
    def recommended(filters: dict[str, Any]) -> list[str]:
        return ids(Caller().post(RECOMMEND, {"positive": ["tent-1"], "filters": filters}))

    assert recommended({"brand": "Tarnholt"}) == ["stove-1"]
    assert recommended({"brand": ["Tarnholt", "Nobody"]}) == ["stove-1"]
    assert recommended({"price": {"gte": 300}}) == ["tent/2"]
    assert recommended({"price": {"lte": 100.5}, "brand": ["Norrdal"]}) == []
    assert recommended({"sku": {"exists": False}, "brand": "Norrdal"}) == ["tent/2"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "positive"),
        ({"positive": []}, "positive"),
        ({"positive": ["x"] * 101}, "positive"),
        ({"positive": "tent-1"}, "positive"),
        ({"positive": ["tent-1"], "diversity": 2}, "diversity"),
        ({"positive": ["tent-1"], "limit": 51}, "limit"),
        ({"positive": ["tent-1"], "colour": "red"}, "colour"),
        ({"positive": ["tent-1"], "filters": {"colour": "red"}}, "filters.colour"),
        ({"positive": ["tent-1"], "filters": {"price": {"gte": "cheap"}}}, "filters.price.gte"),
    ],
)
def test_bad_requests_are_refused_by_field(shop: Collection, body: Any, field: str) -> None:
    answer = Caller().post(RECOMMEND, body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert field in [one["field"] for one in answer.json["error"]["details"]]


def test_texts_vectors_and_weights_are_examples_too(shop: Collection) -> None:
    tent, stove = {"item": "tent-1"}, {"text": "Gas camping stove"}
    answer = Caller().post(RECOMMEND, {"positive": [tent, {**stove, "weight": 5}]})
    assert ids(answer)[0] == "stove-1"
    assert answer.json["items"][0]["reason"]["text"] == "Gas camping stove"
    assert "stove-1" not in ids(Caller().post(RECOMMEND, {"positive": [tent], "negative": [{"item": "stove-1"}]}))
    vector = [0.0] * 384
    vector[0] = 1.0
    answer = Caller().post(RECOMMEND, {"positive": [{"vector": vector}]})
    if answer.status == 200:
        assert answer.json["items"][0]["reason"]["vector"]
    else:
        assert "numbers of this catalog's vectors" in answer.json["error"]["message"]


@pytest.mark.parametrize("strategy", ["average", "best_score", "medoids"])
def test_each_strategy_answers_with_reasons_and_leaves_examples_out(shop: Collection, strategy: str) -> None:
    answer = Caller().post(RECOMMEND, {"positive": ["tent-1", {"text": "stove"}], "strategy": strategy})
    assert answer.status == 200 and set(ids(answer)) == {"tent/2", "stove-1"}
    reasons = {one["external_id"]: one["reason"] for one in answer.json["items"]}
    assert reasons["tent/2"]["item"] == "tent-1" and reasons["tent/2"]["shares"] == {"brand": ["Norrdal"]}
    assert reasons["stove-1"]["text"] == "stove"


def test_what_is_nearer_to_a_negative_example_is_left_out_by_best_score(shop: Collection) -> None:
    body = {"positive": ["tent-1"], "negative": [{"text": "Gas camping stove"}], "strategy": "best_score"}
    assert ids(Caller().post(RECOMMEND, body)) == ["tent/2"]


def test_of_one_value_come_at_most_so_many(shop: Collection) -> None:
    Caller(Scope.WRITE).put("collections/shop/items/tent-3", {"title": "Tent", "attributes": {"brand": "Norrdal"}})
    pipeline.drain()
    body = {"positive": [{"text": "tent"}], "at_most": {"brand": 1}}
    answer = Caller().post(RECOMMEND, body)
    brands = [one["attributes"]["brand"] for one in answer.json["items"]]
    assert sorted(brands) == ["Norrdal", "Tarnholt"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"positive": [{}]},
        {"positive": [{"item": "tent-1", "text": "x"}]},
        {"positive": [{"text": ""}]},
        {"positive": [{"item": "tent-1", "weight": 0}]},
        {"positive": [{"item": "tent-1", "weight": 11}]},
        {"positive": [{"vector": [1.0, 2.0]}]},
        {"positive": [{"text": "x"}] * 21},
        {"positive": ["tent-1"], "strategy": "magic"},
        {"positive": ["tent-1"], "at_most": {"colour": 1}},
        {"positive": ["tent-1"], "at_most": {"brand": 0}},
    ],
)
def test_wrong_examples_are_refused(shop: Collection, wrong: Any) -> None:
    answer = Caller().post(RECOMMEND, wrong)
    assert (answer.status, answer.code) == (422, "invalid")


def test_unknown_examples_are_not_found(shop: Collection) -> None:
    for external_id in ("none", "draft-1"):
        assert Caller().post(RECOMMEND, {"positive": [external_id]}).status == 404
