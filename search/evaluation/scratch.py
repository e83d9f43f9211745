"""A collection for the time of an evaluation, embedded and indexed like any other, and removed afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from catalog import locks
from catalog.models import Collection
from catalog.schemas import ItemInput
from catalog.services.collections import create_collection, delete_collection
from catalog.services.items import upsert_items
from catalog.services.learning import learn_schema
from search.duplicates.comparing.scan import pairs_lock
from search.embedding.waiting import wait_until_embedded
from search.retrieval.upkeep import indexes
from search.retrieval.upkeep.readiness import make_ready

BATCH_SIZE = 500


@contextmanager
def scratch_collection(
    items: Sequence[ItemInput],
    *,
    on_progress: Callable[[int], None] = lambda done: None,
    finds_schema: bool = False,
    **fields: Any,
) -> Iterator[Collection]:
    """A private collection of these items, ready to be searched. `on_progress` gets the items embedded so far.

    With `finds_schema` it has the schema that an import would find, so that attribute values are searched.
    """
    collection = create_collection(slug=f"evaluation-{uuid.uuid4().hex[:12]}", visibility="private", **fields)
    try:
        # Or the workers of a running Akin would scan it, so that no scan of ours could begin, and compute its topics.
        with pairs_lock(collection), locks.tried(locks.Lock.OWN_WORK, collection.pk):
            rest = iter(items)
            while batch := list(islice(rest, BATCH_SIZE)):
                upsert_items(collection=collection, entries=batch)
            if finds_schema:
                learn_schema(collection)
            wait_until_embedded(collection, on_progress=lambda p: on_progress(p.embedded), patience=0)
            make_ready(collection)
            yield collection
    finally:
        delete_collection(collection=collection)
        indexes.build_missing()
