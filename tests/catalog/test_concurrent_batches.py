"""Batches written at the same time: they wait for each other, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.items import upsert_items
from tests.factories import make_collection

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, SIZE = 4, 400


def test_the_same_new_items_in_opposite_order_do_not_deadlock() -> None:
    shop = make_collection()
    together = threading.Barrier(2, timeout=30)
    names = [[f"{turn}-{n:04}" for n in range(SIZE)] for turn in range(ROUNDS)]

    def write(collection: Collection, batches: Sequence[Sequence[str]]) -> list[str]:
        outcomes: list[str] = []
        for batch in batches:
            entries = [parse_item({"external_id": name, "title": f"lamp {name}"}) for name in batch]
            together.wait()
            outcomes += [result.outcome for result in upsert_items(collection=collection, entries=entries)]
        connection.close()
        return outcomes

    with ThreadPoolExecutor(2) as pool:
        forwards = pool.submit(write, shop, names)
        backwards = pool.submit(write, shop, [batch[::-1] for batch in names])
        assert len(forwards.result() + backwards.result()) == 2 * ROUNDS * SIZE
    assert Item.objects.count() == ROUNDS * SIZE
