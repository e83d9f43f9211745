"""Waiting until a collection is embedded, helping along where no worker does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from catalog.models import Collection
from search.embedding import pipeline, queue, sweep

POLL_SECONDS = 0.25

STATES = """
    SELECT count(*) FILTER (WHERE e.state = 'embedded'), count(*) FILTER (WHERE e.state = 'failed'),
           count(*) FILTER (WHERE e.state IN ('pending', 'claimed'))
    FROM search_itemembedding e JOIN search_embeddingspace s ON s.id = e.space_id
    WHERE e.collection_id = %s AND s.state = 'active'
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Items of a collection in the active space."""

    embedded: int
    failed: int
    waiting: int


def progress_of(collection: Collection) -> Progress:
    with connection.cursor() as cursor:
        cursor.execute(STATES, [collection.pk])
        return Progress(*cursor.fetchone())


def wait_until_embedded(collection: Collection, *, on_progress: Callable[[Progress], None] = lambda p: None) -> Progress:
    """Returns when nothing of the collection waits any more. Whoever works on it, also this process, may do it."""
    while True:
        progress = progress_of(collection)
        on_progress(progress)
        if not progress.waiting:
            return progress
        sweep.release_expired()
        time.sleep(POLL_SECONDS)


def embed_collection(collection: Collection, *, on_progress: Callable[[int], None] = lambda done: None) -> Progress:
    """Embeds what waits in this process, alongside any workers, until nothing of the collection is left."""
    while (progress := progress_of(collection)).waiting:
        on_progress(progress.embedded)
        claimed = queue.claim(pipeline.CLAIM_SIZE)
        if claimed:
            pipeline.embed(claimed)
        else:
            sweep.release_expired()
            time.sleep(POLL_SECONDS)
    on_progress(progress.embedded)
    return progress
