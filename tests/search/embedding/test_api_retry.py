"""Trying again over the JSON API what could not be embedded."""

from __future__ import annotations

import pytest

from catalog.models import Collection
from catalog.models.api_key import Scope
from search.embedding.queue import pipeline
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db
RETRY = "collections/shop/embeddings/retry"


@pytest.fixture
def shop() -> Collection:
    """All failed but the stove, which is embedded."""
    shop = make_shop()
    pipeline.drain()
    rows = ItemEmbedding.objects.exclude(item__external_id="stove-1")
    rows.update(state=EmbeddingState.FAILED, digest=None, attempts=8)
    return shop


def test_everything_that_failed_is_due_again(shop: Collection) -> None:
    ItemEmbedding.objects.filter(item__external_id="tent/2").update(
        state=EmbeddingState.PENDING, next_attempt_at="2126-01-01T00:00Z"
    )
    answer = Caller(Scope.WRITE).send("POST", RETRY, b"")
    assert (answer.status, answer.json) == (200, {"retried": 3})
    assert pipeline.drain() == 3
    assert Caller(Scope.WRITE).post(RETRY, {}).json == {"retried": 0}


def test_only_the_items_that_are_named(shop: Collection) -> None:
    other = make_shop(slug="other")
    ItemEmbedding.objects.filter(collection=other).update(state=EmbeddingState.FAILED)
    answer = Caller(Scope.WRITE).post(RETRY, {"external_ids": ["tent/2", "stove-1", "unknown"]})
    assert answer.json == {"retried": 1}
    assert list(ItemEmbedding.objects.filter(state="pending").values_list("item__external_id", flat=True)) == ["tent/2"]
    assert Caller(Scope.WRITE).post(RETRY, {"external_ids": []}).json == {"retried": 0}


def test_bad_input_is_refused_and_changes_nothing(shop: Collection) -> None:
    caller = Caller(Scope.WRITE)
    for body in ({"external_ids": "tent-1"}, {"external_ids": ["x"] * 1_001}, {"ids": ["tent-1"]}):
        assert caller.post(RETRY, body).code == "invalid"
    assert not ItemEmbedding.objects.filter(state="pending").exists()


def test_strangers_and_readers_retry_nothing(shop: Collection) -> None:
    make_shop(slug="other")
    assert Caller().post(RETRY, {}).status == 401
    assert Caller(Scope.READ).post(RETRY, {}).status == 403
    assert Caller(Scope.WRITE).post("collections/nowhere/embeddings/retry", {}).status == 404
    shop.visibility = "private"
    shop.save()
    assert Caller(Scope.WRITE, Collection.objects.get(slug="other")).post(RETRY, {}).status == 404
    assert not ItemEmbedding.objects.filter(state="pending", collection=shop).exists()
