"""Personal interest: what is kept of whom, what suits them, and that nobody learns what another did."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Collection, Item, Run
from catalog.models.api_key import Scope
from catalog.models.run import RunKind, RunState
from catalog.services.collections import update_collection
from catalog.services.merge import merge_items
from search.insight import tasks
from search.insight.interest.events import NewEvent, record
from search.insight.interest.folding import fold
from search.insight.interest.learning import ask_where_due
from search.insight.interest.personal import ForYou, for_you
from search.models import Event, ItemAudience
from search.models.interest import EventKind
from tests.api_caller import Caller
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db

WORDS = ("tent porch pegs campsite", "pan frying steak handle", "lamp candle lantern wick")
EACH = 12


@pytest.fixture
def shop() -> Collection:
    collection = make_collection(search_settings={"learn_interest": True})
    add_items(collection, *({"title": f"{words} {n}", "body": words} for words in WORDS for n in range(EACH)))
    make_searchable(collection)
    return collection


def item(collection: Collection, n: int) -> Item:
    return Item.objects.get(collection=collection, external_id=f"i{n}")


def did(collection: Collection, subject: str, *numbers: int, kind: EventKind = EventKind.VIEW, days: float = 0) -> None:
    at = timezone.now() - timedelta(days=days)
    events = [NewEvent(item(collection, n).pk, kind, at - timedelta(minutes=n)) for n in numbers]
    record(collection, subject=subject, events=events)


def names(found: ForYou) -> list[str]:
    return [one.item.external_id for one in found.items]


def compute(collection: Collection) -> Run:
    Run.objects.filter(kind=RunKind.INTEREST).delete()
    assert ask_where_due() == 1
    tasks.do_waiting()
    run = Run.objects.get(kind=RunKind.INTEREST)
    assert run.state == RunState.FINISHED, run.detail
    return run


def test_what_somebody_looks_at_leads_to_more_of_it_with_the_reason(shop: Collection) -> None:
    did(shop, "user:1", 0, 1, 2)
    found = for_you(shop, "user:1", limit=6)
    assert found.events == 3 and set(names(found)) <= {f"i{n}" for n in range(3, EACH)}
    first = found.items[0].reasons[0]
    assert first.kind == "interest" and first.items[0].external_id in {"i0", "i1", "i2"}


def test_two_tastes_are_two_interests_and_both_are_served(shop: Collection) -> None:
    did(shop, "user:1", 0, 1, EACH, EACH + 1)
    found = for_you(shop, "user:1", limit=8)
    kinds = {int(name[1:]) // EACH for name in names(found)}
    assert found.interests == 2 and kinds == {0, 1}


def test_what_is_hidden_or_known_is_not_shown_and_hiding_is_taken_back(shop: Collection) -> None:
    did(shop, "user:1", 0, 1)
    did(shop, "user:1", 3, kind=EventKind.HIDE)
    assert "i3" not in names(for_you(shop, "user:1", limit=50))
    assert not {"i0", "i1"} & set(names(for_you(shop, "user:1", limit=50)))
    did(shop, "user:1", 3, kind=EventKind.LIKE)
    assert not Event.objects.filter(kind=EventKind.HIDE).exists()


def test_drafts_merged_and_foreign_items_are_neither_shown_nor_named(shop: Collection) -> None:
    other = make_collection("other", search_settings={"learn_interest": True})
    add_items(other, {"title": f"{WORDS[0]} 99", "body": WORDS[0]})
    make_searchable(other)
    did(shop, "user:1", 0, 1)
    Item.objects.filter(pk__in=[item(shop, 0).pk, item(shop, 4).pk]).update(status="draft")
    merge_items(keeper=item(shop, 5), other=item(shop, 6))
    found = for_you(shop, "user:1", limit=50)
    named = {own.external_id for one in found.items for why in one.reasons for own in why.items}
    assert not {"i4", "i6"} & set(names(found)) and named == {"i1"}
    assert {one.item.collection_id for one in found.items} == {shop.pk}


def test_a_merged_item_counts_for_the_one_that_stays(shop: Collection) -> None:
    did(shop, "user:1", 6)
    merge_items(keeper=item(shop, 5), other=item(shop, 6))
    found = for_you(shop, "user:1", limit=50)
    assert found.events == 1 and "i5" not in names(found)


def test_strangers_get_what_is_popular_and_new(shop: Collection) -> None:
    for person in range(3):
        did(shop, f"user:{person}", 20)
    did(shop, "user:9", 21)
    compute(shop)
    found = for_you(shop, None, limit=5)
    assert names(found)[0] == "i20" and found.items[0].reasons[0].kind == "popular"
    assert all(why.kind in ("popular", "recent") for one in found.items for why in one.reasons)
    assert ItemAudience.objects.get(item=item(shop, 21)).popularity == 0, "what one person did is nobody's to see"


def test_people_alike_count_from_two_on(shop: Collection) -> None:
    for person in range(3):
        did(shop, f"user:{person}", 0, 30)
    did(shop, "user:7", 1, 31)
    compute(shop)
    did(shop, "user:8", 0)
    did(shop, "user:9", 1)
    led = {one.item.external_id for one in for_you(shop, "user:8", limit=50).items if one.reasons[0].kind == "people"}
    assert led == {"i30"}
    assert not [one for one in for_you(shop, "user:9", limit=50).items if one.reasons[0].kind == "people"]


def test_runs_are_asked_for_once_where_events_came(shop: Collection) -> None:
    assert ask_where_due() == 0
    did(shop, "user:1", 0)
    assert ask_where_due() == 1 and ask_where_due() == 0
    tasks.do_waiting()
    assert Run.objects.get(kind=RunKind.INTEREST).detail["events"] == 1
    update_collection(collection=shop, search_settings={})
    Run.objects.all().delete()
    assert ask_where_due() == 0


def test_a_cancelled_run_leaves_what_was_there(shop: Collection) -> None:
    did(shop, "user:1", 0, 1)
    did(shop, "user:2", 0, 1)
    compute(shop)
    before = set(ItemAudience.objects.values_list("item", "popularity"))
    Run.objects.all().delete()
    did(shop, "user:3", 5)
    ask_where_due()
    Run.objects.update(cancel_requested=True)
    tasks.do_waiting()
    assert Run.objects.get().state == RunState.CANCELLED
    assert set(ItemAudience.objects.values_list("item", "popularity")) == before


def test_neither_strangers_nor_readers_ask_for_somebody(shop: Collection) -> None:
    did(shop, "api:p1", 0)
    for caller, status in ((Caller(), 401), (Caller(Scope.READ, shop), 403)):
        assert caller.get("collections/shop/for-you", subject="p1").status == status
        assert caller.get("collections/shop/subjects/p1/events").status == status
        assert caller.get("collections/shop/for-you").status == 200


def test_a_visitor_likes_looks_and_forgets_on_the_pages(shop: Collection, client: Client) -> None:
    page = client.get("/c/shop/items/i0").content.decode()
    assert 'name="kind" value="view"' in page
    assert (
        'value="click"'
        in client.get("/c/shop/items/i0", headers={"referer": "http://testserver/c/shop/"}).content.decode()
    )
    assert client.post("/c/shop/for-you/events", {"item": "i0", "kind": "view"}).status_code == 204
    liked = client.post("/c/shop/for-you/events", {"item": "i1", "kind": "like"}, headers={"HX-Request": "true"})
    assert "Liked" in liked.content.decode()
    assert "For you" in client.get("/c/shop/for-you/row").content.decode()
    assert "Popular and new" in Client().get("/c/shop/for-you/row").content.decode()
    kept = client.get("/c/shop/for-you/export").json()
    assert {row["item"] for row in kept["events"]} == {"i0", "i1"}
    assert Client().get("/c/shop/for-you/export").json()["events"] == []
    client.post("/c/shop/for-you/events", {"item": "i1", "kind": "like", "undo": "1"})
    assert {row["kind"] for row in client.get("/c/shop/for-you/export").json()["events"]} == {"view"}
    client.post("/c/shop/for-you/erase")
    assert not Event.objects.exists()


def test_a_browser_that_refuses_is_not_followed_but_may_like(shop: Collection, client: Client) -> None:
    headers = {"Sec-GPC": "1"}
    assert 'value="view"' not in client.get("/c/shop/items/i0", headers=headers).content.decode()
    client.post("/c/shop/for-you/events", {"item": "i0", "kind": "view"}, headers=headers)
    assert not Event.objects.exists() and not client.session.keys()
    client.post("/c/shop/for-you/events", {"item": "i0", "kind": "like"}, headers=headers)
    assert Event.objects.get().kind == EventKind.LIKE


def test_a_private_collection_tells_nothing(shop: Collection, client: Client) -> None:
    Collection.objects.filter(pk=shop.pk).update(visibility="private")
    for path in ("for-you", "for-you/row", "for-you/export"):
        assert client.get(f"/c/shop/{path}").status_code == 404
    assert client.post("/c/shop/for-you/events", {"item": "i0", "kind": "like"}).status_code == 404
    assert Caller().get("collections/shop/for-you").status == 404


def test_more_interests_than_are_kept_become_one() -> None:
    vectors = np.eye(8, dtype=np.float32)
    found = fold(vectors, np.ones(8, dtype=np.float32))
    assert len(found.vectors) == 5 and set(found.of_event.tolist()) == set(range(5))
    assert fold(vectors[:0], np.ones(0, dtype=np.float32)).scores(vectors).tolist() == [0] * 8


def test_a_later_event_counts_more() -> None:
    vectors = np.eye(2, dtype=np.float32)
    scores = fold(vectors, np.array([0.1, 1.0], dtype=np.float32)).scores(vectors)
    assert scores[1] > scores[0] > 0
