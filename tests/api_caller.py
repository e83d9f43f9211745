"""Calls the JSON API as a program does: with a key or without, JSON in and out."""

from __future__ import annotations

from typing import Any

import orjson
from django.test import Client

from catalog.access import create_key
from catalog.models import Collection
from catalog.models.api_key import Scope
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items

SCHEMA = {
    "brand": {"type": "term", "facet": True},
    "price": {"type": "number"},
    "sku": {"type": "term", "identifier": True},
}


class Answer:
    """Status, headers and parsed body of one response."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.json: Any = orjson.loads(response.content) if response.content else None

    @property
    def code(self) -> str:
        """The code of the error, which has to have the one shape of all errors."""
        assert set(self.json) == {"error"}
        assert set(self.json["error"]) == {"code", "message", "details"}
        assert self.headers["Content-Type"] == "application/json"
        return str(self.json["error"]["code"])


class Caller:
    """Somebody with a key of that scope, or a stranger without one."""

    def __init__(self, scope: Scope | None = None, *collections: Collection, secret: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        if scope is not None:
            key, secret = create_key(name=f"a key to {scope.value}", scope=scope)
            key.collections.set(collections)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, path: str, **query: Any) -> Answer:
        return Answer(self.client.get(f"/api/v1/{path}", query, headers=self.headers))

    def post(self, path: str, body: Any) -> Answer:
        return self.send("POST", path, orjson.dumps(body))

    def put(self, path: str, body: Any) -> Answer:
        return self.send("PUT", path, orjson.dumps(body))

    def patch(self, path: str, body: Any) -> Answer:
        return self.send("PATCH", path, orjson.dumps(body))

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path, b"")

    def send(self, method: str, path: str, body: bytes, content_type: str = "application/json") -> Answer:
        return Answer(
            self.client.generic(method, f"/api/v1/{path}", body, content_type=content_type, headers=self.headers)
        )


def make_shop(*, visibility: str = "public", slug: str = "shop") -> Collection:
    """A collection of four items: three to be seen and a draft."""
    shop = create_collection(slug=slug, visibility=visibility, attribute_schema=SCHEMA)
    upsert_items(
        collection=shop,
        entries=[
            parse_item(one)
            for one in (
                {
                    "external_id": "tent-1",
                    "title": "Two-person dome tent",
                    "body": "A light tent for two with a porch for boots and packs.",
                    "attributes": {"brand": "Norrdal", "price": 249, "sku": "TN-2044"},
                },
                {
                    "external_id": "stove-1",
                    "title": "Gas camping stove",
                    "body": "Boils a litre of water in three minutes, also in wind.",
                    "attributes": {"brand": "Tarnholt", "price": 39.5},
                },
                {
                    "external_id": "tent/2",
                    "title": "Four-person family tent",
                    "body": "A tall tent with two bedrooms.",
                    "attributes": {"brand": "Norrdal", "price": 399},
                },
                {"external_id": "draft-1", "title": "A tent not announced yet", "status": "draft"},
            )
        ],
    )
    return shop
