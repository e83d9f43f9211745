"""Locks that processes hold while they are at something."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from catalog import locks

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_waits_does_not_hold_up_an_index_build_of_the_one_before() -> None:
    waits, entered = threading.Event(), []

    def wait_for_it() -> None:
        waits.set()
        with locks.awaited(locks.Lock.MIGRATION):
            entered.append("the other")
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with locks.awaited(locks.Lock.MIGRATION), connection.cursor() as cursor:
            other = pool.submit(wait_for_it)
            waits.wait(timeout=10)
            threading.Event().wait(0.3)  # it has begun to ask
            cursor.execute("CREATE INDEX CONCURRENTLY of_a_test ON catalog_collection (name)")
            cursor.execute("DROP INDEX CONCURRENTLY of_a_test")
            assert entered == []
        other.result(timeout=10)
    assert entered == ["the other"]
    assert locks.held_keys(locks.Lock.MIGRATION) == set()
