"""One collection spread over several shards, as Citus would have it: what a search costs in recall.

python -m benchmarks.shards --collection SLUG; prints JSON lines. Each shard is a table with a vector index of its own,
holding the passages whose item's id hashes there; a query asks all of them and keeps the nearest of what comes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import product

NEAREST_EXACT = "SELECT p.item_id FROM {table} p ORDER BY ({distance}) + 0 LIMIT 10"
NEAREST = "SELECT p.item_id, {distance} AS distance FROM {table} p ORDER BY {order} LIMIT {limit}"
QUERIES = "SELECT embedding::text FROM {table} WHERE ordinal = 0 ORDER BY hashint8(item_id) LIMIT {number}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", required=True)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    product.start()
    for line in compare(arguments.collection, arguments.shards, arguments.queries):
        print(json.dumps(line), flush=True)


def compare(slug: str, shard_counts: Sequence[int], number: int) -> Iterator[dict[str, Any]]:
    """For each number of shards and each over-fetch: recall@10, and the milliseconds of the slowest shard of a query.

    The queries are passages of the collection itself, each a little away from where it is.
    """
    import numpy as np
    from django.db import connection
    from pgvector import HalfVector

    from catalog.models import Collection
    from search.embedding.spaces.lifecycle import active_space
    from search.embedding.storage import sql_of

    space, collection = active_space(), Collection.objects.get(slug=slug)
    vectors = sql_of(space)
    noise = np.random.default_rng(7)
    with connection.cursor() as cursor:
        _copy(cursor, space.pk, collection.pk)
        cursor.execute(QUERIES.format(table="shard_source", number=number))
        queries = []
        for (text,) in cursor.fetchall():
            vector = HalfVector.from_text(text).to_numpy().astype(np.float32)
            vector += noise.normal(scale=0.5 / np.sqrt(len(vector)), size=len(vector)).astype(np.float32)
            queries.append(vectors.query_text(vector / np.linalg.norm(vector)))
        exact = NEAREST_EXACT.format(table="shard_source", distance=vectors.distance())
        truth = [_ids(cursor, exact, query) for query in queries]
        for count in shard_counts:
            seconds = _build(cursor, count, vectors.index)
            for limit in (10, 20, 50, 200):
                yield {"shards": count, "limit": limit, "build_seconds": round(seconds, 1)} | _measure(
                    cursor, count, limit, queries, truth, vectors
                )


def _copy(cursor: Any, space_id: int, collection_id: int) -> None:
    cursor.execute(
        f"CREATE TEMP TABLE shard_source AS SELECT item_id, ordinal, embedding FROM search_passage"
        f" WHERE space_id = {space_id} AND collection_id = {collection_id}"
    )


def _build(cursor: Any, count: int, index: str) -> float:
    """Seconds that the vector indexes of all shards took, one after the other."""
    from search.retrieval.upkeep.index_kinds import EF_CONSTRUCTION, M

    started = time.perf_counter()
    cursor.execute("SET maintenance_work_mem = '1GB'")
    for shard in range(count):
        cursor.execute(f"DROP TABLE IF EXISTS shard_{shard}")
        cursor.execute(
            f"CREATE TEMP TABLE shard_{shard} AS"
            f" SELECT * FROM shard_source WHERE abs(hashint8(item_id)) % {count} = {shard}"
        )
        cursor.execute(
            f"CREATE INDEX ON shard_{shard} USING hnsw ({index}) WITH (m = {M}, ef_construction = {EF_CONSTRUCTION})"
        )
        cursor.execute(f"ANALYZE shard_{shard}")
    return time.perf_counter() - started


def _measure(
    cursor: Any, count: int, limit: int, queries: Sequence[str], truth: Sequence[list[int]], vectors: Any
) -> dict[str, Any]:
    """`ef_search` is what each shard's share of the whole needs: never less than the limit."""
    ef_search = max(limit, 40, 280 // count)
    cursor.execute(f"SET enable_seqscan = off; SET jit = off; SET hnsw.ef_search = {ef_search}")
    found, slowest = 0, []
    for query, nearest in zip(queries, truth, strict=True):
        merged: list[tuple[float, int]] = []
        times = []
        for shard in range(count):
            sql = NEAREST.format(
                table=f"shard_{shard}", distance=vectors.distance(), order=vectors.order(), limit=limit
            )
            started = time.perf_counter()
            cursor.execute(sql, {"query": query})
            merged += [(distance, item_id) for item_id, distance in cursor.fetchall()]
            times.append(time.perf_counter() - started)
        slowest.append(max(times))
        first = [item_id for _, item_id in sorted(merged)[:10]]
        found += len(set(first) & set(nearest))
    return {
        "ef_search": ef_search,
        "recall_at_10": round(found / (10 * len(queries)), 4),
        "slowest_shard_ms": round(1_000 * statistics.median(slowest), 2),
    }


def _ids(cursor: Any, sql: str, query: str) -> list[int]:
    cursor.execute(sql, {"query": query})
    return [row[0] for row in cursor.fetchall()]


if __name__ == "__main__":
    main()
