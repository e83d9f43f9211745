"""Writing found pairs: suggestions are replaced, decisions stay until a text has really changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from catalog.models import Collection

BATCH_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class FoundPair:
    """A pair that qualifies, with the digests of the texts that were compared; `first_id` is the smaller id."""

    first_id: int
    second_id: int
    score: float
    is_flagged: bool
    is_variant: bool
    informs: float
    evidence: list[dict[str, Any]]
    first_digest: bytes
    second_digest: bytes


# A text that changed while it was compared is left out: it is compared again anyway. What is stored are the digests of
# the settled texts, which other white space or capitals do not change.
UPSERT = """
    INSERT INTO search_duplicatepair AS p (collection_id, first_id, second_id, score, is_flagged, is_variant, informs,
        evidence, state, is_changed, decided_by_name, reason, first_digest, second_digest, found_at, scored_at)
    SELECT %(collection)s, f.first_id, f.second_id, f.score, f.is_flagged, f.is_variant, f.informs, f.evidence::jsonb,
           'suggested',
           false, '', '', akin_settled_digest(a.title, a.body), akin_settled_digest(b.title, b.body),
           clock_timestamp(), clock_timestamp()
    FROM unnest(%(first)s::bigint[], %(second)s::bigint[], %(scores)s::float8[], %(flags)s::boolean[],
                %(variants)s::boolean[], %(informs)s::float8[], %(evidence)s::text[],
                %(first_digests)s::bytea[], %(second_digests)s::bytea[])
        AS f(first_id, second_id, score, is_flagged, is_variant, informs, evidence, first_digest, second_digest)
    JOIN catalog_item a ON a.id = f.first_id AND a.text_digest = f.first_digest AND a.merged_into_id IS NULL
    JOIN catalog_item b ON b.id = f.second_id AND b.text_digest = f.second_digest AND b.merged_into_id IS NULL
    ORDER BY f.first_id, f.second_id
    ON CONFLICT (first_id, second_id) DO UPDATE
    SET score = excluded.score, is_flagged = excluded.is_flagged, is_variant = excluded.is_variant,
        informs = excluded.informs,
        evidence = excluded.evidence, state = 'suggested',
        is_changed = p.is_changed OR p.state <> 'suggested', collection_id = excluded.collection_id,
        first_digest = excluded.first_digest, second_digest = excluded.second_digest, scored_at = clock_timestamp()
    WHERE p.state = 'suggested' OR (p.first_digest, p.second_digest) <> (excluded.first_digest, excluded.second_digest)
"""

REMOVE = """
    DELETE FROM search_duplicatepair p
    WHERE p.collection_id = %(collection)s AND p.state = 'suggested' AND NOT p.is_changed
      AND p.scored_at < %(since)s AND {scope}
"""

# A pair that was offered again, and should not have been: the text is the old one again, or it is no duplicate now.
# What holds is the latest decision that was not taken back for the texts it was about.
RESTORE = """
    UPDATE search_duplicatepair p
    SET state = d.decision, is_changed = false, first_digest = d.first_digest, second_digest = d.second_digest,
        decided_by_id = d.decided_by_id, decided_by_name = d.decided_by_name, decided_at = d.decided_at,
        reason = d.reason
    FROM search_duplicatepair q CROSS JOIN LATERAL (
        SELECT * FROM search_duplicatedecision d
        WHERE d.first_item_id = q.first_id AND d.second_item_id = q.second_id AND d.decision <> 'suggested'
          AND NOT EXISTS (
              SELECT 1 FROM search_duplicatedecision t
              WHERE t.first_item_id = d.first_item_id AND t.second_item_id = d.second_item_id AND t.id > d.id
                AND t.decision = 'suggested'
                AND (t.first_digest, t.second_digest) = (d.first_digest, d.second_digest))
        ORDER BY d.id DESC LIMIT 1
    ) AS d
    WHERE q.id = p.id AND p.collection_id = %(collection)s AND p.state = 'suggested' AND p.is_changed AND {scope}
      AND (p.scored_at < %(since)s
           OR (p.first_digest, p.second_digest) = (d.first_digest, d.second_digest))
"""

# How many pairs are to review at either end: deciding one of an item with many settles most.
WEIGH = """
    WITH touched AS (
        SELECT DISTINCT one.item_id FROM search_duplicatepair p
        CROSS JOIN LATERAL (VALUES (p.first_id), (p.second_id)) AS one(item_id)
        WHERE p.collection_id = %(collection)s AND p.state = 'suggested' AND {scope}
    ), counted AS (
        SELECT t.item_id,
               (SELECT count(*) FROM search_duplicatepair q WHERE q.first_id = t.item_id AND q.state = 'suggested')
               + (SELECT count(*) FROM search_duplicatepair q WHERE q.second_id = t.item_id AND q.state = 'suggested')
               AS pairs
        FROM touched t
    )
    UPDATE search_duplicatepair p SET impact = a.pairs + b.pairs - 1
    FROM counted a CROSS JOIN counted b
    WHERE p.first_id = a.item_id AND p.second_id = b.item_id AND p.state = 'suggested'
      AND p.impact <> a.pairs + b.pairs - 1
"""

OF_ITEMS = "(p.first_id = ANY(%(items)s) OR p.second_id = ANY(%(items)s))"


def replace_pairs(
    collection: Collection, found: Sequence[FoundPair], *, since: datetime, items: Sequence[int] | None = None
) -> None:
    """Stores what was found and removes the suggestions last scored before `since`, of these items or of all."""
    scope = "true" if items is None else OF_ITEMS
    parameters: dict[str, Any] = {"collection": collection.pk, "since": since, "items": list(items or ())}
    for start in range(0, len(found), BATCH_SIZE):
        _upsert(collection, found[start : start + BATCH_SIZE])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RESTORE.format(scope=scope), parameters)
        cursor.execute(REMOVE.format(scope=scope), parameters)
        cursor.execute(WEIGH.format(scope=scope), parameters)


def _upsert(collection: Collection, found: Sequence[FoundPair]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            UPSERT,
            {
                "collection": collection.pk,
                "first": [pair.first_id for pair in found],
                "second": [pair.second_id for pair in found],
                "scores": [pair.score for pair in found],
                "flags": [pair.is_flagged for pair in found],
                "informs": [pair.informs for pair in found],
                "variants": [pair.is_variant for pair in found],
                "evidence": [orjson.dumps(pair.evidence).decode() for pair in found],
                "first_digests": [pair.first_digest for pair in found],
                "second_digests": [pair.second_digest for pair in found],
            },
        )


def pairs_of(items: Sequence[int]) -> set[tuple[int, int]]:
    """The stored pairs of these items: what a scan has found, a check of one item does not lose for want of looking."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.first_id, p.second_id FROM search_duplicatepair p WHERE {OF_ITEMS}", {"items": list(items)}
        )
        return {(first, second) for first, second in cursor.fetchall()}
