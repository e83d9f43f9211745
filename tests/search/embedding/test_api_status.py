"""A collection's status over the JSON API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Collection, Item, Run
from catalog.models.api_key import Scope
from catalog.services.merge import merge_items
from search.embedding.queue import pipeline
from search.embedding.spaces import backfills, lifecycle
from search.models import EmbeddingSpace, ItemEmbedding
from search.models.embedding import EncoderKind
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db
STATUS = "collections/shop/status"


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def test_what_waits_is_counted_with_its_age(shop: Collection) -> None:
    ItemEmbedding.objects.update(marked_at=timezone.now() - timedelta(minutes=5))
    answer = Caller(Scope.WRITE).get(STATUS)
    assert answer.status == 200
    assert set(answer.json) == {"items", "states", "space", "lag_seconds", "runs"}
    assert answer.json["items"] == 4
    assert answer.json["states"] == {"pending": 4, "claimed": 0, "embedded": 0, "failed": 0}
    assert 300 <= answer.json["lag_seconds"] < 330


def test_nothing_waits_when_all_is_embedded(shop: Collection) -> None:
    pipeline.drain()
    answer = Caller(Scope.WRITE).get(STATUS)
    assert answer.json["states"]["embedded"] == 4
    assert answer.json["lag_seconds"] == 0
    assert answer.json["space"]["state"] == "active"


def test_other_collections_do_not_count(shop: Collection) -> None:
    make_shop(slug="other", visibility="private")
    assert Caller(Scope.WRITE).get(STATUS).json["items"] == 4
    assert Caller(Scope.WRITE).get(STATUS).json["states"]["pending"] == 4


def test_a_merged_item_does_not_count(shop: Collection) -> None:
    keeper, other, *_ = shop.items.order_by("pk")
    merge_items(keeper=keeper, other=other)
    answer = Caller(Scope.WRITE).get(STATUS).json
    assert (answer["items"], answer["states"]["pending"]) == (3, 3)


def test_drafts_and_archived_items_count_for_writers_alone(shop: Collection) -> None:
    before = Caller().get(STATUS).json
    item = Item.objects.visible().filter(collection=shop)[0]
    for status in ("draft", "archived"):
        shop.items.filter(pk=item.pk).update(status=status)
        shown, known = Caller().get(STATUS).json, Caller(Scope.WRITE).get(STATUS).json
        assert (shown["items"], shown["states"]["pending"]) == (before["items"] - 1, before["items"] - 1)
        assert known["items"] == known["states"]["pending"] >= before["items"]


def test_an_empty_collection_has_nothing(shop: Collection) -> None:
    shop.items.all().delete()
    answer = Caller().get(STATUS)
    assert (answer.json["items"], answer.json["lag_seconds"], answer.json["runs"]) == (0, 0, [])


def test_runs_are_shown_without_who_started_them(shop: Collection) -> None:
    Run.objects.create(kind="import", collection=shop, total=10, done=4, detail={"file": "/home/eva/items.csv"})
    run = Caller().get(STATUS).json["runs"][0]
    assert (run["kind"], run["state"], run["done"], run["total"]) == ("import", "running", 4, 10)
    assert "eva" not in str(run)


def test_a_backfill_is_shown_with_the_share_of_the_collection_alone(shop: Collection) -> None:
    make_shop(slug="other", visibility="private")
    space = lifecycle.add_space(name="new", model="fake", kind=EncoderKind.FAKE, dimensions=8)
    lifecycle.build_space(space)
    ItemEmbedding.objects.filter(space=space, item__external_id="tent-1").update(state="embedded")
    (run,) = Caller().get(STATUS).json["runs"]
    assert (run["kind"], run["state"], run["total"], run["done"]) == ("backfill", "running", 4, 1)
    pipeline.drain()
    backfills.refresh_running()
    assert Caller().get(STATUS).json["runs"] == []


def test_the_path_of_a_local_model_is_not_shown(shop: Collection) -> None:
    EmbeddingSpace.objects.update(model="/srv/models/ours")
    assert Caller().get(STATUS).json["space"]["model"] == "ours"


def test_why_an_item_failed_is_for_writers(shop: Collection) -> None:
    ItemEmbedding.objects.update(state="failed", error_class="EncoderRefused", error_message="not finite")
    path = "collections/shop/items/tent-1"
    assert Caller(Scope.WRITE).get(path).json["embedding"]["error"] == "EncoderRefused: not finite"
    shown = Caller().get(path).json["embedding"]
    assert (shown["state"], shown["error"]) == ("failed", None)
