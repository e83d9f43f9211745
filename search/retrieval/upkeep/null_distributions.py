"""Learns, without labels, how similar a query is to items that have nothing to do with it.

The first words of random items stand for queries; their similarity to other random items is the null distribution.
Its upper quantiles were close to those of real queries on three judged collections.
"""

from __future__ import annotations

import numpy as np
from django.db import connection

from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.embedding.encoders.registry import encoder_of
from search.embedding.spaces.lifecycle import active_space
from search.embedding.storage import sql_of
from search.models import CollectionStatistic
from search.retrieval.answer.bands import QUANTILES

PSEUDO_QUERIES = 200
OTHER_ITEMS = 1_000
QUERY_WORDS = 6
MIN_ITEMS = 50  # of a collection; below, the defaults hold

# By what an item is called, so that the same items give the same sample wherever they are stored.
SAMPLE = f"""
    SELECT i.id, i.title, i.body, {{vector}} FROM (
        SELECT i.id, i.external_id, i.title, i.body FROM catalog_item i
        WHERE i.collection_id = %s AND {VISIBLE} ORDER BY md5(i.external_id), i.id LIMIT %s
    ) AS i JOIN search_passage p ON p.item_id = i.id AND p.space_id = %s AND p.ordinal = 0
    ORDER BY md5(i.external_id), i.id
"""


def calibrate(collection: Collection) -> list[float]:
    """Measures and stores the quantiles, and returns them; an empty list for a small collection."""
    space = active_space()
    kept = sql_of(space)
    with connection.cursor() as cursor:
        cursor.execute(SAMPLE.format(vector=kept.sent()), [collection.pk, OTHER_ITEMS, space.pk])
        rows = cursor.fetchall()
    if len(rows) < MIN_ITEMS:
        return []
    vectors = kept.received([row[3] for row in rows])
    queries = [" ".join(f"{row[1]} {row[2]}".split()[:QUERY_WORDS]) for row in rows[:PSEUDO_QUERIES]]
    encoder = encoder_of(space)
    similarities = np.stack([encoder.encode_query(query) for query in queries]) @ vectors.T
    similarities[np.arange(len(queries)), np.arange(len(queries))] = np.nan  # a query's own item
    quantiles = [float(q) for q in np.nanquantile(similarities, QUANTILES)]
    CollectionStatistic.objects.filter(collection=collection).update(
        null_space_id=space.pk, null_similarities=quantiles
    )
    return quantiles


def calibrate_missing() -> int:
    """Calibrates the collections whose statistics were counted but never calibrated in the active space."""
    space = active_space()
    stale = Collection.objects.filter(statistic__documents__gte=MIN_ITEMS).exclude(statistic__null_space_id=space.pk)
    return sum(1 for collection in stale if calibrate(collection))
