"""Searches while an encoder is down or vectors are missing."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection
from search.embedding.encoders.registry import FakeEncoder
from search.errors import EncoderUnavailable
from search.retrieval.types import Mode
from tests.factories import add_items, find, ids, shop_of
from tests.search.retrieval.test_search import every_mode

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        {
            "external_id": "tent",
            "title": "Dome tent",
            "body": "A light tent for two.",
            "attributes": {"sku": "TN-2044"},
        },
        {"external_id": "tarp", "title": "Tarp", "body": "Instead of a tent, where rain is rare."},
        {"external_id": "stove", "title": "Gas stove", "body": "Boils a litre of water."},
        {"external_id": "pan", "title": "Iron pan", "body": "A cast iron pan for steak."},
        {"external_id": "skillet", "title": "Skillet", "body": "Iron that was cast long ago, a pan of old."},
    )


@pytest.fixture
def broken_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise EncoderUnavailable("The model is gone.")

    monkeypatch.setattr(FakeEncoder, "encode_query", refuse)


@every_mode
def test_without_the_encoder_the_words_answer_and_the_answer_says_so(
    shop: Collection, broken_encoder: None, mode: Mode
) -> None:
    result = find(shop, "dome tent", mode=mode, explain=True)
    assert ids(result)[0] == "tent"
    assert result.is_degraded is (mode != "lexical")
    assert result.hits[0].band in ("good", "strong")
    assert result.hits[0].explanation is not None
    assert [leg.leg for leg in result.hits[0].explanation.legs] == ["lexical"]


def test_items_that_wait_for_their_vectors_are_found_by_their_words() -> None:
    shop = shop_of({"title": "an old tent"}, {"title": "a stove"}, {"title": "a lamp"})
    add_items(shop, *({"title": f"new tent {n}"} for n in range(8)))
    result = find(shop, "new tent", limit=20)
    assert set(ids(result)) == {f"i{n}" for n in range(11)}
    assert set(ids(result)[:8]) == {f"i{n}" for n in range(3, 11)}
    assert all(hit.score == hit.score for hit in result.hits)
