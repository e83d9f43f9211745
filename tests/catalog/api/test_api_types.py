"""A body's values have the types that JSON gave them: nothing is taken for a number or for true that is neither."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models.api_key import Scope
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("passages", {"q": "tent", "limit": True}, "limit"),
        ("passages", {"q": "tent", "limit": "5"}, "limit"),
        ("recommend", {"positive": ["tent-1"], "limit": "5"}, "limit"),
        ("recommend", {"positive": ["tent-1"], "diversity": True}, "diversity"),
        ("search", {"q": "tent", "explain": "yes"}, "explain"),
        ("items", {"external_id": 5, "title": "A tent"}, "external_id"),
        ("duplicates/check", {"title": "A\x00tent"}, "title"),
        ("duplicates/check", {"title": "t" * 5_000}, "title"),
        ("duplicates/check", {"title": "A tent", "url": "a\x00b"}, "url"),
        ("embeddings/retry", {"external_ids": ["a\x00b"]}, "external_ids"),
        ("passages", {"q": "a\x00b"}, "q"),
        ("items", {"external_id": " \n", "title": "A tent"}, "external_id"),
    ],
)
def test_other_types_and_texts_are_refused_by_name(path: str, body: Any, field: str) -> None:
    make_shop()
    answer = Caller(Scope.CURATE).post(f"collections/shop/{path}", body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.json["error"]["details"][0]["field"].startswith(field)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " \n"},
        {"search_settings": {"rerank": "yes"}},
        {"search_settings": {"rrf_k": "60"}},
        {"duplicate_policy": {"flag_threshold": True}},
        {"attribute_schema": {"brand": {"facet": 1}}},
    ],
)
def test_settings_of_a_collection_are_strict_too(change: dict[str, Any]) -> None:
    make_shop()
    assert Caller(Scope.CURATE).patch("collections/shop", change).code == "invalid"


def test_attributes_keep_their_types() -> None:
    make_shop()
    attributes = {"text": "5", "whole": 5, "part": 5.5, "yes": True, "none": None, "list": ["1", 1, False]}
    caller = Caller(Scope.WRITE)
    made = caller.post("collections/shop/items", {"external_id": "typed", "title": "Typed", "attributes": attributes})
    assert made.status == 201
    assert caller.get("collections/shop/items/typed").json["attributes"] == attributes


def test_an_example_of_no_kind_is_refused_in_words_of_the_api() -> None:
    make_shop()
    answer = Caller(Scope.READ).post("collections/shop/recommend", {"positive": [[0.1]]})
    reasons = [{"field": "positive.0", "reason": f"Input should be a valid {kind}"} for kind in ("string", "object")]
    assert answer.json["error"]["details"] == reasons
