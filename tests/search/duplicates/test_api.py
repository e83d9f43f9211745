"""Duplicates over the JSON API."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from search.embedding.queue import pipeline
from search.models import DuplicatePair
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db
DUPLICATES = "collections/shop/duplicates"


@pytest.fixture
def shop() -> Collection:
    shop = make_shop()
    pipeline.drain()
    DuplicatePair.objects.all().delete()
    return shop


def make_pair(shop: Collection, first: str, second: str, score: float = 0.9) -> DuplicatePair:
    items = sorted(Item.objects.filter(collection=shop, external_id__in=(first, second)), key=lambda item: item.pk)
    return DuplicatePair.objects.create(
        collection=shop,
        first=items[0],
        second=items[1],
        score=score,
        is_flagged=True,
        evidence=[{"kind": "title", "score": 0.9}],
        first_digest=bytes(items[0].text_digest),
        second_digest=bytes(items[1].text_digest),
    )


def test_checking_an_unsaved_item_finds_what_it_duplicates_and_stores_nothing(shop: Collection) -> None:
    body = {"title": "Two-person dome tent", "body": "A light tent for two with a porch for boots and packs."}
    answer = Caller().post(f"{DUPLICATES}/check", body)
    assert answer.status == 200
    found = answer.json["duplicates"][0]
    assert found["item"]["external_id"] == "tent-1"
    assert set(found) == {"item", "score", "is_flagged", "evidence"}
    assert Item.objects.count() == 4


def test_checking_something_new_finds_nothing(shop: Collection) -> None:
    assert Caller().post(f"{DUPLICATES}/check", {"title": "Zzyzx quux"}).json["duplicates"] == []


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": "x", "colour": "red"}, {"title": "x" * 1_001}, []])
def test_checking_bad_items_is_refused(shop: Collection, body: Any) -> None:
    assert Caller().post(f"{DUPLICATES}/check", body).code == "invalid"


def test_pairs_are_listed_best_first_and_paged(shop: Collection) -> None:
    make_pair(shop, "tent-1", "stove-1", 0.6)
    best = make_pair(shop, "tent-1", "tent/2", 0.95)
    first = Caller().get(DUPLICATES, limit=1)
    assert (first.json["pairs"][0]["id"], first.json["total"]) == (best.pk, 2)
    assert {first.json["pairs"][0][one]["external_id"] for one in ("first", "second")} == {"tent-1", "tent/2"}
    second = Caller().get(DUPLICATES, limit=1, cursor=first.json["next_cursor"])
    assert second.json["pairs"][0]["score"] == 0.6
    assert second.json["next_cursor"] is None


def test_no_pairs_is_an_empty_list(shop: Collection) -> None:
    assert Caller().get(DUPLICATES, state="confirmed").json == {"pairs": [], "total": 0, "next_cursor": None}


@pytest.mark.parametrize("query", [{"state": "maybe"}, {"limit": 0}, {"cursor": "x"}])
def test_bad_parameters_are_refused(shop: Collection, query: dict[str, Any]) -> None:
    assert Caller().get(DUPLICATES, **query).code == "invalid"


def test_a_curator_decides_and_takes_back(shop: Collection) -> None:
    pair = make_pair(shop, "tent-1", "tent/2")
    curator = Caller(Scope.CURATE)
    path = f"{DUPLICATES}/{pair.pk}/decision"
    answer = curator.post(path, {"decision": "dismissed", "reason": "Another size."})
    assert answer.status == 200
    assert (answer.json["state"], answer.json["reason"]) == ("dismissed", "Another size.")
    assert answer.json["decided_by"] == "a key to curate"
    assert [one["id"] for one in Caller().get(DUPLICATES, state="dismissed").json["pairs"]] == [pair.pk]
    assert curator.post(path, {"decision": "suggested"}).json["state"] == "suggested"


def test_strangers_do_not_see_who_decided_and_why(shop: Collection) -> None:
    pair = make_pair(shop, "tent-1", "tent/2")
    Caller(Scope.CURATE).post(f"{DUPLICATES}/{pair.pk}/decision", {"decision": "dismissed", "reason": "Secret."})
    shown = Caller().get(DUPLICATES, state="dismissed").json["pairs"][0]
    assert (shown["state"], shown["decided_by"], shown["reason"]) == ("dismissed", None, None)


def test_strangers_do_not_see_pairs_with_drafts(shop: Collection) -> None:
    make_pair(shop, "tent-1", "draft-1")
    assert Caller().get(DUPLICATES).json["pairs"] == []
    assert len(Caller(Scope.WRITE).get(DUPLICATES).json["pairs"]) == 1


def test_only_curators_of_the_collection_decide(shop: Collection) -> None:
    path = f"{DUPLICATES}/{make_pair(shop, 'tent-1', 'tent/2').pk}/decision"
    charlie = Caller(Scope.CURATE, make_shop(slug="charlies"))
    for caller, status in ((Caller(), 401), (Caller(Scope.WRITE), 403), (charlie, 403)):
        assert caller.post(path, {"decision": "dismissed"}).status == status


def test_a_pair_of_another_collection_is_missing(shop: Collection) -> None:
    pair = make_pair(shop, "tent-1", "tent/2")
    charlies = make_shop(slug="charlies")
    answer = Caller(Scope.CURATE, charlies).post(
        f"collections/charlies/duplicates/{pair.pk}/decision", {"decision": "dismissed"}
    )
    assert answer.status == 404
    assert Caller(Scope.CURATE).post(f"{DUPLICATES}/{10**30}/decision", {"decision": "dismissed"}).status == 404


@pytest.mark.parametrize("body", [{}, {"decision": "maybe"}, {"decision": "dismissed", "reason": "x" * 2_001}])
def test_bad_decisions_are_refused(shop: Collection, body: Any) -> None:
    path = f"{DUPLICATES}/{make_pair(shop, 'tent-1', 'tent/2').pk}/decision"
    assert Caller(Scope.CURATE).post(path, body).code == "invalid"


def test_readers_get_and_count_pairs_of_visible_items_alone_and_their_pages_are_full(shop: Collection) -> None:
    hidden = make_pair(shop, "tent-1", "tent/2", 0.95)
    shown = make_pair(shop, "tent-1", "stove-1", 0.6)
    other = Item.objects.get(collection=shop, external_id="tent/2")
    other.merged_into = Item.objects.get(collection=shop, external_id="tent-1")
    other.save()
    for state in ({}, {"state": "suggested"}):
        answer = Caller().get(DUPLICATES, limit=1, **state).json
        assert ([pair["id"] for pair in answer["pairs"]], answer["total"], answer["next_cursor"]) == (
            [shown.pk],
            1,
            None,
        )
    DuplicatePair.objects.filter(pk=hidden.pk).update(state="confirmed")
    assert Caller().get(DUPLICATES, state="confirmed").json == {"pairs": [], "total": 0, "next_cursor": None}
    assert Caller(Scope.WRITE).get(DUPLICATES, state="confirmed").json["total"] == 1
