"""A small shop for the page tests, and the people who visit it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from catalog.models import Collection
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from search.embedding.queue import pipeline

SCHEMA = {
    "brand": {"type": "term", "facet": True},
    "price": {"type": "number", "facet": True},
    "released": {"type": "date"},
    "sku": {"type": "term", "identifier": True},
}

TENTS = [
    ("tent-1", "Dome tent for two", "Green fabric, two porches and a rainproof floor.", "Norrdal", 199.5, "NT-2001"),
    ("tent/2", "Tunnel tent for four", "Room to stand in, a porch and two bedrooms.", "Norrdal", 449, "NT-4001"),
    ("tent-3", "Beach shelter", "Shade and a little privacy near the sea.", "Tarnholt", 59.9, "TH-1"),
    ("pan-1", "Cast iron pan", "Heavy, black and good for a steak.", "Halmora", 44.9, "HL-28"),
    ("pan-2", "Copper pan <b>28 cm</b>", 'Quick & even "heat" for sauces.', "Halmora", 120, "HL-29"),
]


def make_shop(slug: str = "shop", **fields: Any) -> Collection:
    """The shop with its items embedded."""
    shop = create_collection(slug=slug, name="Tent & pan shop", attribute_schema=SCHEMA, **fields)
    add_items(
        shop,
        [
            {
                "external_id": external_id,
                "title": title,
                "body": body,
                "attributes": {"brand": brand, "price": price, "sku": sku, "weight_g": 2350},
            }
            for external_id, title, body, brand, price, sku in TENTS
        ],
    )
    return shop


def add_items(shop: Collection, lines: list[dict[str, Any]], *, embedded: bool = True) -> None:
    upsert_items(collection=shop, entries=[parse_item(line) for line in lines])
    if embedded:
        pipeline.drain()


def many(count: int) -> list[dict[str, Any]]:
    return [{"external_id": f"peg-{n:03}", "title": f"Tent peg number {n}"} for n in range(count)]


def client_of(name: str, *, is_staff: bool = False) -> Client:
    """A browser in which that person is signed in."""
    user = User.objects.create_user(name, password=f"{name}-password", is_staff=is_staff, is_superuser=is_staff)
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())
