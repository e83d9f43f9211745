"""Claim, encode, store: what a worker does with pending items, outside any transaction while it encodes."""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError

from search.embedding.encoders.registry import Encoder, encoder_of, probe
from search.embedding.queue import claims, sweep, vector_store
from search.embedding.queue.claims import Claimed
from search.embedding.queue.encoding import encode
from search.embedding.queue.pace import Pace
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import LIVE_STATES, Priority
from search.timing import count

logger = logging.getLogger(__name__)

CLAIM_SIZE = 1_024  # rows of one claim: enough that batches of similar length waste little padding
SLICE_SIZE = 128  # rows encoded and stored at a time, fewer of a slow model
SLICE_CHARACTERS = 200_000  # of their texts: a slice takes seconds at most, and what a person saved is next
RENEW_SECONDS = claims.LEASE_SECONDS / 4

OUTAGE = (EncoderUnavailable, ConnectionError, TimeoutError)
DATABASE_DOWN = (OperationalError, InterfaceError)

Stop = Callable[[], bool]

_paces: defaultdict[int, Pace] = defaultdict(Pace)  # by space: how fast its encoder is in this process
_held: set[uuid.UUID] = set()  # tokens of the leases that this process holds


class StopError(Exception):
    """The worker was asked to end while it encoded."""


def never() -> bool:
    return False


def nobody() -> None:
    pass


def drain(*, seconds: float = 300, should_stop: Stop = never, call_another: Callable[[], None] = nobody) -> int:
    """Embeds pending items until none is due, the time is over or stopping is asked for; returns how many.

    A first claim that was full leaves more to do than one worker should: `call_another` wakes one more, which does the
    same, until every worker is at it or nothing is left.
    """
    deadline = time.monotonic() + seconds
    spaces_down: set[int] = set()
    embedded = 0
    while time.monotonic() < deadline and not should_stop():
        sweep.release_expired()
        claimed = claims.claim(CLAIM_SIZE, except_spaces=spaces_down)
        if not claimed:
            break
        if not embedded and len(claimed) == CLAIM_SIZE:
            call_another()
        embedded += _Batch(claimed, should_stop, spaces_down, deadline).run()
    return embedded


def embed(claimed: Sequence[Claimed]) -> int:
    """Embeds claimed rows in slices, in the order of their length, and returns how many were stored.

    Rows that a person waits for go between two slices.
    """
    return _Batch(claimed, never, set(), float("inf")).run()


def hand_back() -> None:
    """Gives back all that this process holds, from another thread than the one that embeds and cannot be waited for."""
    claims.release_all(list(_held))


class _Batch:
    """What is left of one claim."""

    def __init__(self, claimed: Sequence[Claimed], should_stop: Stop, spaces_down: set[int], deadline: float) -> None:
        """`spaces_down` collects the spaces whose encoder is down. No slice begins after the deadline."""
        self._should_stop, self._spaces_down, self._deadline = should_stop, spaces_down, deadline
        self._tokens = {row.token for row in claimed}
        self._waiting = sorted(
            claimed, key=lambda row: (row.priority, row.space_id, len(row.title) + len(row.body), row.text_digest)
        )
        self._renewed_at = time.monotonic()

    def run(self) -> int:
        _held.update(self._tokens)
        try:
            return self._run()
        except StopError:
            return 0
        except DATABASE_DOWN as error:
            with suppress(DatabaseError, InterfaceError):
                claims.postpone(self._waiting, error)
            self._waiting = []
            raise
        finally:
            claims.release(self._waiting)
            _held.difference_update(self._tokens)

    def _run(self) -> int:
        done = self._finish_unchanged()
        spaces = EmbeddingSpace.objects.filter(state__in=LIVE_STATES).in_bulk()
        while self._waiting and not self._should_stop() and time.monotonic() < self._deadline:
            self._renew()
            part = self._next_slice()
            if part[0].space_id in spaces:
                done += self._embed_slice(spaces[part[0].space_id], part)
            self._forget(part)
            if self._waiting and self._waiting[0].priority > Priority.LIVE:
                done += self._embed_live()
        return done

    def _finish_unchanged(self) -> int:
        unchanged = [row for row in self._waiting if row.stored_digest == row.text_digest]
        done = len(vector_store.finish(unchanged))
        self._forget(unchanged)
        return done

    def _forget(self, rows: Sequence[Claimed]) -> None:
        ids = {row.id for row in rows}
        self._waiting = [row for row in self._waiting if row.id not in ids]

    def _next_slice(self) -> list[Claimed]:
        first, size = self._waiting[0], 0
        part: list[Claimed] = []
        for row in self._waiting[: min(SLICE_SIZE, 2 * _paces[first.space_id].size)]:
            size += len(row.title) + len(row.body)
            if part and (row.space_id != first.space_id or size > SLICE_CHARACTERS):
                break
            part.append(row)
        return part

    def _embed_live(self) -> int:
        live = claims.claim(SLICE_SIZE, priority=Priority.LIVE, except_spaces=self._spaces_down)
        return _Batch(live, self._should_stop, self._spaces_down, self._deadline).run() if live else 0

    def _renew(self) -> None:
        """Between two calls of the model: prolongs the leases, and ends the batch when the worker is to end."""
        if self._should_stop():
            raise StopError
        if time.monotonic() - self._renewed_at > RENEW_SECONDS:
            claims.renew(self._waiting)
            self._renewed_at = time.monotonic()

    def _embed_slice(self, space: EmbeddingSpace, rows: Sequence[Claimed]) -> int:
        try:
            encoder = encoder_of(space)
            return self._embed_or_halve(encoder, rows)
        except OUTAGE as error:
            logger.warning("The items of %s have to wait for its encoder: %s", space.name, error)
            self._spaces_down.add(space.pk)
            waiting = [row for row in self._waiting if row.space_id == space.pk]
            claims.postpone(waiting, error)
            count("embedding.postponed", len(waiting))
            self._forget(waiting)
            return 0

    def _embed_or_halve(self, encoder: Encoder, rows: Sequence[Claimed]) -> int:
        """Encodes and stores the rows. When that fails the slice is halved, until one row fails alone."""
        try:
            pace = _paces[rows[0].space_id]
            stored = vector_store.store(encode(encoder, rows, pace=pace, between=self._renew))
        except (StopError, SoftTimeLimitExceeded, *OUTAGE, *DATABASE_DOWN):
            raise
        except Exception as error:
            probe(encoder)  # raises when it cannot encode anything: then it is no fault of the items
            if len(rows) == 1:
                logger.exception("Item %d cannot be embedded", rows[0].item_id)
                claims.fail(rows, error, is_permanent=not isinstance(error, MemoryError))
                count("embedding.failed")
                return 0
            half = len(rows) // 2
            return self._embed_or_halve(encoder, rows[:half]) + self._embed_or_halve(encoder, rows[half:])
        count("embedding.embedded", len(stored))
        claims.release([row for row in rows if row.id not in stored])
        return len(stored)
