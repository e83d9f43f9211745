"""Events: what is kept of whom, how long, and who may report, export and erase it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.errors import Conflict
from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from catalog.services.collections import update_collection
from search.insight.interest.events import erase, exported, forget_old
from search.models import Event
from tests.api_caller import Caller
from tests.factories import add_items, make_collection, make_searchable
from tests.search.insight.interest.test_interest import EACH, WORDS, did, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    collection = make_collection(search_settings={"learn_interest": True})
    add_items(collection, *({"title": f"{words} {n}", "body": words} for words in WORDS for n in range(EACH)))
    make_searchable(collection)
    return collection


def test_nothing_is_kept_unless_the_collection_says_so(client: Client) -> None:
    collection = make_collection()
    add_items(collection, {"title": "tent"})
    with pytest.raises(Conflict):
        did(collection, "user:1", 0)
    body = {"subject": "p1", "events": [{"item": "i0", "kind": "view"}]}
    assert Caller(Scope.WRITE, collection).post("collections/shop/events", body).code == "conflict"
    assert client.post("/c/shop/for-you/events", {"item": "i0", "kind": "like"}).status_code == 404
    assert client.get("/c/shop/for-you").status_code == 404
    assert "liking" not in client.get("/c/shop/items/i0").content.decode()
    assert "for-you" not in client.get("/c/shop/").content.decode()
    assert not Event.objects.exists()


def test_events_go_when_their_time_is_over_and_the_oldest_when_there_are_too_many(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_collection(collection=shop, search_settings={"learn_interest": True, "interest_days": 10})
    did(shop, "user:1", 0, days=11)
    did(shop, "user:1", 1, days=9)
    did(shop, "user:1", 2, 3, days=1)
    monkeypatch.setattr("search.insight.interest.events.MOST_OF_SUBJECT", 2)
    assert forget_old() == 2
    assert {row["item"] for row in exported(shop, "user:1")} == {"i2", "i3"}


def test_the_same_thing_done_again_is_one_row(shop: Collection) -> None:
    did(shop, "user:1", 0, days=1)
    did(shop, "user:1", 0, 0)
    (row,) = exported(shop, "user:1")
    assert row["times"] == 3 and row["kind"] == "view"


def test_events_go_with_items_accounts_and_collections(shop: Collection) -> None:
    ada = User.objects.create_user("ada")
    did(shop, f"user:{ada.pk}", 0, 1)
    did(shop, "user:99999", 0)
    item(shop, 0).delete()
    assert Event.objects.count() == 1
    ada.delete()
    assert not Event.objects.exists()


def test_erasing_takes_one_subject_alone(shop: Collection) -> None:
    did(shop, "user:1", 0, 1)
    did(shop, "user:2", 0)
    assert erase(shop, "user:1") == 2
    assert not exported(shop, "user:1") and len(exported(shop, "user:2")) == 1


def test_programs_report_export_and_erase_their_own_people(shop: Collection) -> None:
    caller = Caller(Scope.WRITE, shop)
    did(shop, "user:1", 7)
    events: list[dict[str, Any]] = [
        {"item": "i0", "kind": "view", "time": "2026-01-01T10:00:00Z"},
        {"item": "i1", "kind": "like"},
        {"item": "gone", "kind": "view"},
    ]
    answer = caller.post("collections/shop/events", {"subject": "p1", "events": events})
    assert answer.json == {"recorded": 2, "unknown": ["gone"]}
    found = caller.get("collections/shop/for-you", subject="p1", limit=3).json
    assert found["events"] == 2 and found["items"][0]["reasons"]
    assert len(caller.get("collections/shop/subjects/p1/events").json["events"]) == 2
    assert caller.get("collections/shop/subjects/user:1/events").json["events"] == [], "an account is no program's"
    assert caller.delete("collections/shop/subjects/p1/events").json == {"erased": 2}
    assert caller.get("collections/shop/subjects/p1/events").json["events"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"subject": "", "events": [{"item": "i0", "kind": "view"}]},
        {"subject": "a b", "events": [{"item": "i0", "kind": "view"}]},
        {"subject": "p1", "events": []},
        {"subject": "p1", "events": [{"item": "i0", "kind": "bought"}]},
        {"subject": "p1", "events": [{"item": "i0", "kind": "view", "time": "2999-01-01T00:00:00Z"}]},
        {"subject": "p1", "events": [{"item": "i0", "kind": "view", "time": "2026-01-01T00:00:00"}]},
        {"subject": "p1", "events": [{"item": "i0", "kind": "view"}] * 1001},
        {"subject": "p1", "events": [{"item": "i0", "kind": "view", "user": 1}]},
        {"subject": "p1", "events": [{"item": "i0", "kind": "view", "time": 1767225600}]},
        {"subject": "p1", "events": [{"item": "i0", "kind": "view", "time": True}]},
    ],
)
def test_bad_events_are_refused(shop: Collection, body: dict[str, Any]) -> None:
    answer = Caller(Scope.WRITE, shop).post("collections/shop/events", body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert not Event.objects.exists()


def test_events_need_the_form_of_this_site_and_an_item_that_is_there(shop: Collection) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/c/shop/for-you/events", {"item": "i0", "kind": "like"}).status_code == 403
    assert strict.post("/c/shop/for-you/erase").status_code == 403
    client = Client()
    assert client.post("/c/shop/for-you/events", {"item": "nothing", "kind": "like"}).status_code == 404
    assert client.post("/c/shop/for-you/events", {"item": "i0", "kind": "buy"}).status_code == 422
    Item.objects.filter(pk=item(shop, 2).pk).update(status="draft")
    assert client.post("/c/shop/for-you/events", {"item": "i2", "kind": "like"}).status_code == 404
    assert not Event.objects.exists()


def test_what_a_browser_does_before_it_has_a_session_is_of_one_subject(shop: Collection) -> None:
    first = Client(enforce_csrf_checks=True)
    first.get("/sign-in")
    token = first.cookies["csrftoken"].value
    for kind in ("click", "like"):  # sent at once: neither request knows of the other's session
        browser = Client(enforce_csrf_checks=True)
        browser.cookies["csrftoken"] = token
        form = {"item": "i1", "kind": kind, "csrfmiddlewaretoken": token}
        assert browser.post("/c/shop/for-you/events", form).status_code in (204, 302)
    assert Event.objects.count() == 2
    assert len(set(Event.objects.values_list("subject", flat=True))) == 1
    assert token not in Event.objects.all()[0].subject
