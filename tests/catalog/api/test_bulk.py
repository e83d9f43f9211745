"""Many items at once over the JSON API."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db
BULK = "collections/shop/items/bulk"


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def outcomes(answer: Any) -> list[tuple[str | None, str]]:
    return [(one["external_id"], one["outcome"]) for one in answer.json["results"]]


def test_each_item_gets_its_result_in_order(shop: Collection) -> None:
    answer = Caller(Scope.WRITE).post(
        BULK,
        [
            {"external_id": "new", "title": "New"},
            {"external_id": "tent-1", "title": "Changed"},
            {"external_id": "bad"},
            {"external_id": "draft-1", "title": "A tent not announced yet", "status": "draft"},
            "not an item",
        ],
    )
    assert answer.status == 200
    assert outcomes(answer) == [
        ("new", "created"),
        ("tent-1", "updated"),
        ("bad", "error"),
        ("draft-1", "unchanged"),
        (None, "error"),
    ]
    assert answer.json["results"][2]["error"]["message"] == "item: title and body are both empty"
    assert {name: answer.json[name] for name in ("created", "updated", "unchanged", "failed")} == {
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "failed": 2,
    }
    assert Item.objects.get(external_id="new").title == "New"


def test_ndjson_lands_line_by_line(shop: Collection) -> None:
    body = b'{"external_id": "a", "title": "A"}\n\nnot json\n{"external_id": "b", "title": "B"}\r\n'
    answer = Caller(Scope.WRITE).send("POST", BULK, body, "application/x-ndjson; charset=utf-8")
    assert outcomes(answer) == [("a", "created"), (None, "error"), ("b", "created")]


def test_what_the_database_refuses_does_not_stop_the_others(shop: Collection) -> None:
    identifier = "".join(f"{number:x}" for number in range(12_000))
    entries = [{"external_id": f"item-{number}", "title": "x", "attributes": {}} for number in range(7)]
    entries[3]["attributes"] = {"sku": identifier}
    answer = Caller(Scope.WRITE).post(BULK, entries)
    assert [one["outcome"] for one in answer.json["results"]] == ["created"] * 3 + ["error"] + ["created"] * 3


def test_nothing_gives_nothing(shop: Collection) -> None:
    assert Caller(Scope.WRITE).post(BULK, []).json["results"] == []
    assert Caller(Scope.WRITE).send("POST", BULK, b"\n", "application/x-ndjson").json["results"] == []


def test_a_thousand_items_are_taken_and_one_more_is_not(shop: Collection) -> None:
    entries = [{"external_id": str(number), "title": "x"} for number in range(1_001)]
    answer = Caller(Scope.WRITE).post(BULK, entries)
    assert (answer.status, answer.code) == (413, "too_large")
    assert Item.objects.filter(external_id="0").count() == 0
    answer = Caller(Scope.WRITE).post(BULK, entries[:1_000])
    assert (answer.json["created"], answer.json["failed"]) == (1_000, 0)
    body = b"\n".join(orjson.dumps(one) for one in entries)
    assert Caller(Scope.WRITE).send("POST", BULK, body, "application/x-ndjson").status == 413


def test_a_body_beyond_the_limit_is_refused(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.bodies.MAX_BULK_BYTES", 100)
    answer = Caller(Scope.WRITE).post(BULK, [{"external_id": "x", "title": "x" * 100}])
    assert (answer.status, answer.code) == (413, "too_large")


@pytest.mark.parametrize("body", [b"", b"{", b'{"external_id": "x"}', b"[1", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_array_is_refused(shop: Collection, body: bytes) -> None:
    answer = Caller(Scope.WRITE).send("POST", BULK, body)
    assert (answer.status, answer.code) == (422, "invalid")


def test_large_bodies_pass_the_framework_limit(shop: Collection) -> None:
    entries = [{"external_id": str(number), "title": "x", "body": "word " * 30_000} for number in range(25)]
    assert Caller(Scope.WRITE).post(BULK, entries).json["created"] == 25
