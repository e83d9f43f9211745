"""Waiting until a collection or a space is embedded, and doing the work where no worker does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from catalog.models import Collection
from search.embedding.queue import claims, pipeline, sweep
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace

POLL_SECONDS = 0.25
PATIENCE_SECONDS = 10.0  # without any lease held, until this process takes part

STATES = """
    SELECT count(*) FILTER (WHERE state = 'embedded'), count(*) FILTER (WHERE state = 'failed'),
           count(*) FILTER (WHERE state IN ('pending', 'claimed')), count(*) FILTER (WHERE state = 'claimed')
    FROM search_itemembedding WHERE space_id = %s AND (%s::bigint IS NULL OR collection_id = %s)
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Items of a collection in the space that answers, or of a whole space; `waiting` includes `claimed`."""

    embedded: int
    failed: int
    waiting: int
    claimed: int


def progress_of(collection: Collection) -> Progress:
    return _progress(active_space().pk, collection.pk)


def _progress(space_id: int, collection_id: int | None) -> Progress:
    with connection.cursor() as cursor:
        cursor.execute(STATES, [space_id, collection_id, collection_id])
        return Progress(*cursor.fetchone())


def wait_until_embedded(
    collection: Collection,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    patience: float = PATIENCE_SECONDS,
) -> Progress:
    """Returns when nothing of the collection waits any more.

    When no worker holds a lease for `patience` seconds, this process embeds: the wait ends also without workers.
    """
    return _wait(lambda: progress_of(collection), on_progress, patience, collection.pk)


def wait_until_built(
    space: EmbeddingSpace,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    patience: float = PATIENCE_SECONDS,
) -> Progress:
    """Returns when no item waits any more for its vectors in the space."""
    return _wait(lambda: _progress(space.pk, None), on_progress, patience, None)


def _wait(
    progress_now: Callable[[], Progress],
    on_progress: Callable[[Progress], None],
    patience: float,
    collection_id: int | None,
) -> Progress:
    idle_since = time.monotonic()
    while (progress := progress_now()).waiting:
        on_progress(progress)
        if progress.claimed:
            idle_since = time.monotonic()
        if time.monotonic() - idle_since < patience:
            time.sleep(POLL_SECONDS)
            continue
        sweep.release_expired()
        if claimed := claims.claim(pipeline.CLAIM_SIZE, collection_id=collection_id):
            pipeline.embed(claimed)
        else:
            time.sleep(POLL_SECONDS)
            idle_since = time.monotonic()
    on_progress(progress)
    return progress
