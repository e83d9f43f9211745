"""Reads from copies of the database, each only while it is not too far behind and has what its reader wrote.

Which copy answers is decided anew for each read. Whoever wrote lately is sent to a copy that has replayed that commit,
else to the primary; so is everybody when no copy keeps up, or one fails in the middle.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Final, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, InternalError, OperationalError, connections
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_SECONDS: Final = 0.5  # between two looks at where the primary and a copy are
REMEMBERED_SECONDS: Final = 600  # a position that was written; a copy further behind answers nobody
ASIDE_SECONDS: Final = 5.0  # that a copy which failed is left alone

# As bytes from the beginning, which compare as numbers. A commit that does not wait for the disk is inserted into the
# log before it is written there. The place of the next insertion may lie behind the header of a page, where no copy
# arrives before something is inserted, so it says nothing of whether a copy keeps up.
INSERTED = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
REPLAYED = "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn WHERE pg_is_in_recovery()"

# Who reads in this request: what their last write is remembered under. Empty is somebody who cannot write.
reader: ContextVar[str] = ContextVar("reader", default="")


@dataclass
class _Copy:
    """One copy, as this process knows it."""

    alias: str
    replayed: float = -1.0
    looked_at: float = float("-inf")
    aside_until: float = float("-inf")


@dataclass
class _Known:
    """Where the primary was lately, and the copies."""

    copies: list[_Copy] = field(default_factory=list)
    written: deque[tuple[float, float]] = field(default_factory=deque)  # when seen, position; oldest first
    turns: Iterator[int] = field(default_factory=count)
    lock: threading.Lock = field(default_factory=threading.Lock)


_known = _Known()


def read(function: Callable[[], T]) -> T:
    """What the function answers, asked of a copy where one may answer. Should it have to write, the primary answers."""
    copy = _chosen()
    if copy is None:
        return function()
    try:
        with _instead_of_primary(copy.alias):
            return function()
    except (OperationalError, InterfaceError, InternalError) as error:
        logger.warning("%s failed, and is left alone for %.0f s: %s", copy.alias, ASIDE_SECONDS, error)
        copy.aside_until = time.monotonic() + ASIDE_SECONDS
        connections[copy.alias].close()
        return function()


def remember_write(who: str) -> None:
    """Notes how far a copy has to be for `who` to read there what was just committed."""
    if settings.AKIN_STANDBYS and who:
        cache.set(_name(who), _position(DEFAULT_DB_ALIAS, INSERTED), REMEMBERED_SECONDS)


def _chosen() -> _Copy | None:
    if not settings.AKIN_STANDBYS or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return None
    if [copy.alias for copy in _known.copies] != list(settings.AKIN_STANDBYS):
        _known.copies = [_Copy(alias) for alias in settings.AKIN_STANDBYS]
    try:
        needed = max(_least_fresh(), _written_by_reader())
    except (DatabaseError, InterfaceError, RedisError):
        return None
    now = time.monotonic()
    ready = [copy for copy in _known.copies if copy.aside_until < now and _reaches(copy, needed)]
    return ready[next(_known.turns) % len(ready)] if ready else None


def forget() -> None:
    """Forgets where the primary and the copies were."""
    _known.copies.clear()
    _known.written.clear()


def _least_fresh() -> float:
    """Where the primary was as long ago as a copy may be behind. The primary is asked by one thread at a time."""
    with _known.lock:
        seen, now = _known.written, time.monotonic()
        if not seen or now - seen[-1][0] > LOOK_SECONDS:
            seen.append((now, _position(DEFAULT_DB_ALIAS, WRITTEN)))
        while len(seen) > 1 and seen[1][0] <= now - settings.AKIN_STANDBY_LAG:
            seen.popleft()
        return seen[0][1]


def _written_by_reader() -> float:
    return float(cache.get(_name(reader.get()), 0.0)) if reader.get() else 0.0


def _reaches(copy: _Copy, needed: float) -> bool:
    """Positions only rise, so that what is known suffices until more is needed."""
    now = time.monotonic()
    if copy.replayed < needed or now - copy.looked_at > LOOK_SECONDS:
        try:
            copy.replayed, copy.looked_at = _position(copy.alias, REPLAYED), now
        except (DatabaseError, InterfaceError) as error:
            logger.warning("%s cannot be asked, and is left alone for %.0f s: %s", copy.alias, ASIDE_SECONDS, error)
            copy.aside_until = now + ASIDE_SECONDS
            return False
    return copy.replayed >= needed


def _position(alias: str, sql: str) -> float:
    """Bytes of the log; of a server that is no copy any more, less than any."""
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return float(row[0]) if row else -1.0


def _name(who: str) -> str:
    return f"written:{who}"


@contextmanager
def _instead_of_primary(alias: str) -> Iterator[None]:
    """This thread's usual connection is the copy's meanwhile."""
    primary = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[alias]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = primary
