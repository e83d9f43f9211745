"""Locks of PostgreSQL that processes hold while they are at something; it frees them when a process dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from catalog.sessions import lasting_session

PAUSE: Final = 0.1  # seconds until whoever waits asks again


class Lock(IntEnum):
    """What is done by one process at a time. The numbers are arbitrary, and those of other programs differ."""

    MIGRATION = 0x414B494E
    INDEXES = 0x616B696E
    DUPLICATES = 0x64757073  # of a collection
    INSIGHT_RUN = 0x696E7367
    CHANGE_RUN = 0x63686E67
    ITEMS = 0x6974656D  # of a collection
    MERGES = 0x6D657267  # of a collection
    WORD_STATISTICS = 0x574F5244  # of a collection
    OWN_WORK = 0x6F776E65  # of a collection whose topics and map nobody else is to compute


HELD = """
    SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@contextmanager
def tried(lock: Lock, key: int = 0) -> Iterator[bool]:
    """Whether this process alone may do it now, for what the key names."""
    with lasting_session() as session:
        is_mine = _ask(session, "SELECT pg_try_advisory_lock(%s, %s)", lock, key)
        try:
            yield is_mine
        finally:
            if is_mine:
                _ask(session, "SELECT pg_advisory_unlock(%s, %s)", lock, key)


@contextmanager
def awaited(lock: Lock, key: int = 0) -> Iterator[None]:
    """Waits until nobody else does it.

    By asking again and again: a statement that waits has a snapshot, for whose end the other's index build would wait.
    """
    with lasting_session():
        while True:
            with tried(lock, key) as is_mine:
                if is_mine:
                    yield
                    return
            time.sleep(PAUSE)


def held_keys(lock: Lock) -> set[int]:
    """What the lock is held for by anybody now."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [lock])
        return {row[0] for row in cursor.fetchall()}


def hold_until_commit(lock: Lock, key: int = 0) -> None:
    """Waits until nobody else does it, and keeps others waiting until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [lock, key % 2**31])


def _ask(session: BaseDatabaseWrapper, sql: str, lock: Lock, key: int) -> bool:
    with session.cursor() as cursor:
        cursor.execute(sql, [lock, key % 2**31])
        return bool(cursor.fetchone()[0])
