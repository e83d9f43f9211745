"""Keeps the word statistics of collections: counted anew when enough of a collection has changed."""

from __future__ import annotations

import logging

from django.db import connection, transaction

from catalog import locks
from catalog.models import Collection
from catalog.models.item import VISIBLE

logger = logging.getLogger(__name__)

CHANGED_SHARE = 0.02  # of the items, since the last count
MAX_VOCABULARY = 200_000  # words of one collection that queries are corrected by, the most frequent
MAX_WORD_LENGTH = 100  # characters; longer "words" are addresses and hashes that nobody types

QUOTED = VISIBLE.replace("'", "''")  # inside a statement that is itself a string

TOTALS = f"""
    INSERT INTO search_collectionstatistic (collection_id, documents, average_length, refreshed_at)
    SELECT %(collection)s, count(*), coalesce(avg(length(i.search_vector)), 0), clock_timestamp()
    FROM catalog_item i WHERE i.collection_id = %(collection)s AND {VISIBLE}
    ON CONFLICT (collection_id) DO UPDATE SET documents = excluded.documents,
        average_length = excluded.average_length, refreshed_at = excluded.refreshed_at
"""

WORDS = f"""
    INSERT INTO search_wordstatistic (collection_id, word, documents)
    SELECT %(collection)s, word, ndoc FROM ts_stat(format(
        'SELECT i.search_vector FROM catalog_item i WHERE i.collection_id = %%s AND {QUOTED}', %(collection)s::bigint))
    WHERE length(word) <= %(longest)s
"""

# Whole words, not stems: `simple` leaves them as they are written.
VOCABULARY = f"""
    INSERT INTO search_vocabularyword (collection_id, word, documents)
    SELECT %(collection)s, word, ndoc FROM ts_stat(format(
        'SELECT to_tsvector(''simple'', left(concat_ws('' '', i.title, array_to_string(i.attribute_texts, '' ''),'
        ' i.body), 20000)) FROM catalog_item i'
        ' WHERE i.collection_id = %%s AND {QUOTED}', %(collection)s::bigint))
    WHERE word ~ '^[[:alpha:]]{{3,40}}$' ORDER BY ndoc DESC, word LIMIT %(vocabulary)s
"""

STALE = f"""
    SELECT c.id FROM catalog_collection c LEFT JOIN search_collectionstatistic s ON s.collection_id = c.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS changed FROM catalog_item i WHERE i.collection_id = c.id
          AND (s.refreshed_at IS NULL OR i.updated_at > s.refreshed_at)
    ) x
    CROSS JOIN LATERAL (
        SELECT count(*) AS documents FROM catalog_item i
        WHERE i.collection_id = c.id AND {VISIBLE}
    ) t
    WHERE (s.collection_id IS NULL AND t.documents > 0)
       OR c.updated_at > s.refreshed_at
       OR x.changed + abs(t.documents - coalesce(s.documents, 0)) > %s * greatest(t.documents, 1)
"""


def refresh(collection_id: int) -> None:
    """Counts the collection's words anew; searches see the old figures until it is done.

    The planner's own statistics are renewed with them: after an import, searches took five times as long without. A
    table whose index is being built is left out, because the build waits for whoever waits for it; it does the same
    when it is done.
    """
    parameters = {"collection": collection_id, "longest": MAX_WORD_LENGTH, "vocabulary": MAX_VOCABULARY}
    with transaction.atomic(), connection.cursor() as cursor:
        locks.hold_until_commit(locks.Lock.WORD_STATISTICS, collection_id)
        cursor.execute(TOTALS, parameters)
        cursor.execute("DELETE FROM search_wordstatistic WHERE collection_id = %(collection)s", parameters)
        cursor.execute(WORDS, parameters)
        cursor.execute("DELETE FROM search_vocabularyword WHERE collection_id = %(collection)s", parameters)
        cursor.execute(VOCABULARY, parameters)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE (SKIP_LOCKED) catalog_item, search_passage, search_wordstatistic")


def refresh_stale() -> int:
    """Refreshes the collections that changed enough, or whose language may have, and returns how many these were."""
    with connection.cursor() as cursor:
        cursor.execute(STALE, [CHANGED_SHARE])
        stale = [row[0] for row in cursor.fetchall()]
    for collection_id in stale:
        if Collection.objects.filter(pk=collection_id).exists():
            refresh(collection_id)
    return len(stale)
