"""Who may do what: every named address of API and pages, for each role, on a public and a private collection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from catalog.access import create_key
from catalog.models import Collection
from catalog.models.api_key import Scope
from search.models import DuplicatePair
from tests.admin_people import administrator, charlie, member
from tests.api_caller import make_shop

pytestmark = pytest.mark.django_db
READ, WRITE, CURATE = Scope.READ, Scope.WRITE, Scope.CURATE
ITEM = {"external_id": "tent-1"}
NEW = {"external_id": "new", "title": "New"}


class Way(NamedTuple):
    """How an address is asked, and the least scope that may; `None` where a collection plays no part."""

    method: str
    scope: Scope | None
    body: Any = None
    values: dict[str, Any] = {}


API = {
    "search_items": Way("GET", READ),
    "search_items_by_body": Way("POST", READ, {"q": "tent"}),
    "search_passages": Way("POST", READ, {"q": "tent"}),
    "list_related": Way("GET", READ, None, ITEM),
    "recommend_items": Way("POST", READ, {"positive": ["tent-1"]}),
    "check_duplicates": Way("POST", READ, {"title": "Tent"}),
    "list_duplicates": Way("GET", READ),
    "decide_duplicate": Way("POST", CURATE, {"decision": "dismissed"}, {"pair_id": 0}),
    "list_topics": Way("GET", READ),
    "suggest_values": Way("POST", READ, {"title": "Tent"}),
    "record_events": Way("POST", WRITE, {"subject": "p1", "events": [{"item": "tent-1", "kind": "view"}]}),
    "export_events": Way("GET", WRITE, None, {"subject": "p1"}),
    "erase_events": Way("DELETE", WRITE, None, {"subject": "p1"}),
    "list_for_you": Way("GET", READ),  # a subject needs more; its own tests say so
    "get_status": Way("GET", READ),
    "retry_embeddings": Way("POST", WRITE, {}),
    "get_collection": Way("GET", READ),
    "change_collection": Way("PATCH", CURATE, {"name": "Shop"}),
    "delete_collection": Way("DELETE", CURATE),
    "list_items": Way("GET", READ),
    "create_item": Way("POST", WRITE, NEW),
    "write_items": Way("POST", WRITE, [NEW]),
    "get_item": Way("GET", READ, None, ITEM),
    "put_item": Way("PUT", WRITE, {"title": "Tent"}, ITEM),
    "patch_item": Way("PATCH", WRITE, {"title": "Tent"}, ITEM),
    "delete_item": Way("DELETE", WRITE, None, ITEM),
    "list_collections": Way("GET", None),
    "create_collection": Way("POST", None),
    "openapi-json": Way("GET", None),
    "api-docs": Way("GET", None),
    "api-root": Way("GET", None),
}
PAGES = {
    "item": Way("GET", READ, None, ITEM),
    "page": Way("GET", READ),
    "related": Way("GET", READ, None, ITEM),
    "insight": Way("GET", READ),
    "indexing": Way("GET", READ, None, ITEM),
    "add": Way("GET", WRITE),
    "check": Way("POST", WRITE, {"title": "Tent"}),
    "undo": Way("POST", None),  # takes back what the same session has just added; its own tests say so
    "recompute": Way("POST", WRITE, {}),
    "topic": Way("GET", None),  # needs topics; its own tests say who sees it
    "suggestions": Way("GET", READ),
    "searched": Way("GET", READ),
    "added": Way("GET", READ, None, {"year": 2026, "month": 3, "day": 2}),
    "ask": Way("GET", READ),
    "map": Way("GET", READ),
    "like": Way("GET", READ),
    "map_points": Way("GET", READ),
    "map_hits": Way("GET", READ),
    "map_chosen": Way("POST", READ, {"ids": "1"}),
    "map_item": Way("GET", None),  # by number; its own tests say who sees it
    "for_you": Way("GET", None),  # 404 where nothing is learnt; its own tests say who sees it
    "for_you_row": Way("GET", None),
    "event": Way("POST", None),
    "export_interest": Way("GET", None),
    "erase_interest": Way("POST", None),
    "home": Way("GET", None),
    "sign_in": Way("GET", None),
    "sign_out": Way("POST", None),
    "favicon": Way("GET", None),
}
RANKS = {None: 0, READ: 1, WRITE: 2, CURATE: 3}


def names_of(patterns: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not route.startswith("admin"):
            yield from names_of(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, route


def test_every_named_address_has_its_row() -> None:
    named = dict(names_of(get_resolver().url_patterns))
    assert set(named) == set(API) | set(PAGES)


def addressed(way: Way, name: str, namespace: str, shop: Collection) -> str:
    values = dict(way.values)
    if "pair_id" in values:
        first, second = shop.items.order_by("pk")[:2]
        digests = {"first_digest": b"1", "second_digest": b"2"}
        pair = DuplicatePair.objects.create(
            collection=shop, first=first, second=second, score=0.5, is_flagged=True, evidence=[], **digests
        )
        values["pair_id"] = pair.pk
    return reverse(f"{namespace}{name}", kwargs={"slug": shop.slug, **values})


def is_let_in(status: int) -> bool:
    assert status < 500
    return status not in (401, 403, 404)


@pytest.mark.parametrize("visibility", ["public", "private"])
@pytest.mark.parametrize("name", [name for name, way in API.items() if way.scope])
def test_keys(name: str, visibility: str) -> None:
    shop, other = make_shop(visibility=visibility), make_shop(slug="other")
    way = API[name]
    address = addressed(way, name, "api:", shop)

    def ask(scope: Scope | None, collection: Collection) -> int:
        headers = {}
        if scope:
            headers = {"Authorization": f"Bearer {create_key(name='k', scope=scope, collections=[collection])[1]}"}
        body = b"" if way.body is None else orjson.dumps(way.body)
        client = Client(raise_request_exception=False)
        return int(client.generic(way.method, address, body, "application/json", headers=headers).status_code)

    may_stranger_read = visibility == "public" and way.scope == READ
    for status in (ask(None, shop), ask(CURATE, other)):
        assert is_let_in(status) == may_stranger_read
        assert visibility == "public" or status == 404, "whether a private collection exists is not told"
    for scope in (READ, WRITE, CURATE):  # the most powerful last, because it may delete
        is_enough = RANKS[scope] >= RANKS[way.scope] or may_stranger_read
        status = ask(scope, shop)
        assert is_let_in(status) == is_enough or (is_enough and way.method == "DELETE"), (scope, status)


@pytest.mark.parametrize("visibility", ["public", "private"])
@pytest.mark.parametrize("name", [name for name, way in PAGES.items() if way.scope])
def test_people(name: str, visibility: str) -> None:
    shop, other = make_shop(visibility=visibility), make_shop(slug="other")
    way = PAGES[name]
    address = addressed(way, name, "catalog:" if name == "item" else "search:", shop)

    def ask(client: Client) -> Any:
        client.raise_request_exception = False
        return client.generic(way.method, address) if way.body is None else client.post(address, way.body)

    signed_in = Client()
    signed_in.force_login(User.objects.create_user("sam"))
    elsewhere = member(other)
    may_stranger_read = visibility == "public" and way.scope == READ
    for person in (Client(), signed_in, charlie(), elsewhere):
        answer = ask(person)
        is_sent_to_sign_in = answer.status_code == 302 and "/sign-in" in answer["Location"]
        assert (is_let_in(answer.status_code) and not is_sent_to_sign_in) == may_stranger_read
        assert visibility == "public" or answer.status_code == 404
    User.objects.filter(username="mia").delete()
    for person in (member(shop), administrator()):
        answer = ask(person)
        assert is_let_in(answer.status_code) and not (answer.status_code == 302 and "/sign-in" in answer["Location"])
