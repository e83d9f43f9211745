"""Waiting until a collection is embedded, and doing the work where no worker does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from catalog.models import Collection
from search.embedding import pipeline, queue, sweep

POLL_SECONDS = 0.25
PATIENCE_SECONDS = 2.0  # without any lease held, until this process takes part

STATES = """
    SELECT count(*) FILTER (WHERE e.state = 'embedded'), count(*) FILTER (WHERE e.state = 'failed'),
           count(*) FILTER (WHERE e.state IN ('pending', 'claimed')), count(*) FILTER (WHERE e.state = 'claimed')
    FROM search_itemembedding e JOIN search_embeddingspace s ON s.id = e.space_id
    WHERE e.collection_id = %s AND s.state = 'active'
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Items of a collection in the active space; `waiting` includes `claimed`."""

    embedded: int
    failed: int
    waiting: int
    claimed: int


def progress_of(collection: Collection) -> Progress:
    with connection.cursor() as cursor:
        cursor.execute(STATES, [collection.pk])
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
    idle_since = time.monotonic()
    while (progress := progress_of(collection)).waiting:
        on_progress(progress)
        if progress.claimed:
            idle_since = time.monotonic()
        if time.monotonic() - idle_since < patience:
            time.sleep(POLL_SECONDS)
            continue
        sweep.release_expired()
        if claimed := queue.claim(pipeline.CLAIM_SIZE):
            pipeline.embed(claimed)
        else:
            time.sleep(POLL_SECONDS)
            idle_since = time.monotonic()
    on_progress(progress)
    return progress
