"""What happens when several programs ask for the same thing at the same moment, over sockets as in life."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import orjson
import pytest
from pytest_django.live_server_helper import LiveServer

from catalog.access import actor_of_key, create_key
from catalog.errors import Unauthenticated
from catalog.models import Item
from catalog.models.api_key import Scope
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5

Call = tuple[str, str, Any]


def at_once(server: LiveServer, secret: str, calls: list[Call]) -> list[int]:
    """The status of each call; all are sent at the same moment."""
    together = threading.Barrier(len(calls), timeout=30)

    def send(call: Call) -> int:
        method, path, body = call
        connection = HTTPConnection(server.thread.host, server.thread.port, timeout=60)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        together.wait()
        connection.request(method, f"/api/v1/collections/{path}", orjson.dumps(body) if body else None, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(send, calls))


def test_a_key_whose_two_collections_are_deleted_at_once_may_nothing(live_server: LiveServer) -> None:
    make_collection("precious")
    for turn in range(ROUNDS):
        doomed = [make_collection(f"doomed-{turn}-{side}") for side in ("a", "b")]
        key, secret = create_key(name="limited", scope=Scope.CURATE, collections=doomed)
        calls: list[Call] = [("DELETE", collection.slug, None) for collection in doomed]
        assert set(at_once(live_server, secret, calls)) <= {204, 401}
        if doomed[0].api_keys.exists() or doomed[1].api_keys.exists():
            continue  # the first deletion was through before the second was let in: the key lives on for the other
        with pytest.raises(Unauthenticated):
            actor_of_key(secret)
        assert at_once(live_server, secret, [("DELETE", "precious", None)]) == [401]
        key.refresh_from_db()
        assert key.revoked_at is not None


def test_one_of_many_deletions_of_the_same_item_or_collection_deletes_it(live_server: LiveServer) -> None:
    secret = create_key(name="program", scope=Scope.CURATE)[1]
    for turn in range(ROUNDS):
        shop = make_collection(f"shop-{turn}")
        add_items(shop, {"external_id": "lamp", "title": "Lamp"})
        for path in (f"shop-{turn}/items/lamp", f"shop-{turn}"):
            assert sorted(at_once(live_server, secret, [("DELETE", path, None)] * 6)) == [204] + [404] * 5


def test_one_of_many_posts_of_the_same_item_creates_it(live_server: LiveServer) -> None:
    make_collection("shop")
    secret = create_key(name="program", scope=Scope.WRITE)[1]
    for turn in range(ROUNDS):
        calls: list[Call] = [
            ("POST", "shop/items", {"external_id": f"lamp-{turn}", "title": f"lamp of client {client}"})
            for client in range(8)
        ]
        statuses = at_once(live_server, secret, calls)
        assert sorted(statuses) == [201] + [409] * 7
        winner = statuses.index(201)
        assert Item.objects.get(external_id=f"lamp-{turn}").title == f"lamp of client {winner}"
