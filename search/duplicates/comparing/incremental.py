"""Compares items soon after they were embedded. What is still to be compared is in PostgreSQL: see `checked_digest`.

A process that dies loses nothing: an item counts as compared only when its pairs are stored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db import connection

from catalog.models import Collection, Item
from search.duplicates.comparing import pair_store
from search.duplicates.comparing.finding import found_pair
from search.duplicates.comparing.pair_store import FoundPair
from search.duplicates.comparing.pool import Pool
from search.duplicates.comparing.scan import ScanRuns, database_time, mark_checked, pairs_lock, scan, waiting_scan
from search.duplicates.comparing.second_look import variants_among
from search.duplicates.evidence.scorer import to_score
from search.duplicates.rules import Rules, rules_of
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace

BATCH_SIZE = 32  # items compared at a time
MAX_BACKLOG = 500  # items of a collection that wait for their vectors: an import is under way and goes first
SCAN_FROM = 1_000  # items of a collection to be compared from which a scan of all is cheaper
WIDENING_LOG_ODDS = -2.0  # log-odds from which a partner's own candidates are looked at, too

# The condition has to be that of the index item_embedding_unchecked.
UNCHECKED = """
    FROM search_itemembedding e
    WHERE e.space_id = %(space)s AND e.state = 'embedded'
      AND NOT (e.checked_digest = e.digest AND e.checked_digest IS NOT NULL AND e.digest IS NOT NULL)
"""

IMPORTING = """
    SELECT collection_id FROM search_itemembedding WHERE space_id = %s AND state = 'pending'
    GROUP BY collection_id HAVING count(*) > %s
"""


def check_embedded(*, seconds: float = 20) -> int:
    """Compares items that were embedded since, until none is left or the time is over; returns how many.

    A collection that is being imported waits until it is embedded, and no scan starts beside an import.
    """
    deadline = time.monotonic() + seconds
    space = active_space()
    importing = _importing(space)
    done = 0
    for collection_id, count in _waiting(space).items():
        must_wait = collection_id in importing or (bool(importing) and count >= SCAN_FROM)
        collection = None if must_wait else Collection.objects.filter(pk=collection_id).first()
        if collection is not None and time.monotonic() < deadline:
            done += _check_collection(collection, space, count, deadline)
    return done


def _importing(space: EmbeddingSpace) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(IMPORTING, [space.pk, MAX_BACKLOG])
        return {row[0] for row in cursor.fetchall()}


def _waiting(space: EmbeddingSpace) -> dict[int, int]:
    """How many items of each collection are to be compared, the fewest first."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT e.collection_id, count(*) {UNCHECKED} GROUP BY 1 ORDER BY 2, 1", {"space": space.pk})
        return dict(cursor.fetchall())


def _check_collection(collection: Collection, space: EmbeddingSpace, count: int, deadline: float) -> int:
    if count >= SCAN_FROM or waiting_scan(collection):
        try:
            scan(collection=collection)
        except ScanRuns:
            return 0
        return count
    done = 0
    with pairs_lock(collection) as is_mine:
        while is_mine and time.monotonic() < deadline and (ids := _next(collection, space)):
            check_items(collection, space, ids)
            done += len(ids)
    return done


def _next(collection: Collection, space: EmbeddingSpace) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.item_id {UNCHECKED} AND e.collection_id = %(collection)s ORDER BY e.id LIMIT {BATCH_SIZE}",
            {"space": space.pk, "collection": collection.pk},
        )
        return [row[0] for row in cursor.fetchall()]


def check_items(collection: Collection, space: EmbeddingSpace, ids: Sequence[int]) -> None:
    """Compares these items with their collection and stores their pairs; one that is hidden loses its suggestions."""
    rules, since = rules_of(collection), database_time()
    seen = [(pk, bytes(digest)) for pk, digest in Item.objects.filter(pk__in=ids).values_list("pk", "text_digest")]
    found = find_pairs(collection, space, rules, ids) if rules.is_enabled else []
    pair_store.replace_pairs(collection, found, since=since, items=ids)
    mark_checked(collection, space, seen)


def find_pairs(collection: Collection, space: EmbeddingSpace, rules: Rules, ids: Sequence[int]) -> list[FoundPair]:
    """The pairs of these items that qualify, scored as a scan would, but with the nearest other pairs only."""
    pool = Pool(collection, space, rules)
    first = pool.candidates(ids)
    likely = {one for pair in first if first[pair] >= WIDENING_LOG_ODDS for one in pair} - set(ids)
    own = {**pool.candidates(sorted(likely)), **first}
    comparer, numbers = pool.comparer, pool.numbers
    settled = pool.settle(own)
    wanted = {numbers[one] for one in ids if one in numbers}
    variants = variants_among(comparer, settled.own, settled.total)
    return [
        found_pair(comparer, settled, pair, to_score(total), is_variant=pair in variants)
        for pair, total in settled.total.items()
        if (to_score(total) >= rules.suggest or pair in variants) and not wanted.isdisjoint(pair)
    ]
