"""The vectors: all there, of the right size, of items that exist, made by a model that can be loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pgtrigger
from django.db import connection

from config.doctor.findings import Finding, error, ok, warning
from search.embedding.encoders.registry import encoder_of, probe
from search.embedding.spaces.lifecycle import active_space
from search.embedding.status import backlog
from search.errors import EncoderUnavailable

MAX_LAG = 600  # seconds that a change may wait for its vectors

DIMENSIONS = """
    SELECT s.name, s.dimensions, vector_dims(p.embedding), count(*)
    FROM search_passage p JOIN search_embeddingspace s ON s.id = p.space_id
    WHERE vector_dims(p.embedding) <> s.dimensions GROUP BY 1, 2, 3 ORDER BY 1, 3
"""

# No foreign key holds these, so that items are deleted without waiting for their vectors.
ORPHANS = {
    "vectors without an item": (
        "search_passage",
        "NOT EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = t.item_id)",
    ),
    "vectors of a space that is gone": (
        "search_passage",
        "NOT EXISTS (SELECT 1 FROM search_embeddingspace s WHERE s.id = t.space_id)",
    ),
    "embedding states without an item": (
        "search_itemembedding",
        "NOT EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = t.item_id)",
    ),
}

UNMARKED = """
    SELECT count(*) FROM catalog_item i WHERE NOT EXISTS (
        SELECT 1 FROM search_itemembedding e WHERE e.item_id = i.id AND e.space_id = %s)
"""

INCOMPLETE = """
    SELECT count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM search_passage p
                                              WHERE p.item_id = e.item_id AND p.space_id = e.space_id)),
           count(*) FILTER (WHERE e.digest IS DISTINCT FROM akin_embedded_digest(i.text_digest, i.attribute_texts))
    FROM search_itemembedding e JOIN catalog_item i ON i.id = e.item_id
    WHERE e.space_id = %s AND e.state = 'embedded'
"""

SWEPT = "A running Akin mends it within five minutes. If it stays: are beat and the jobs worker running?"

EMBED_AGAIN = (
    "UPDATE search_itemembedding e SET state = 'pending', digest = NULL, attempts = 0, next_attempt_at = now()"
    " FROM search_passage p JOIN search_embeddingspace s ON s.id = p.space_id"
    " WHERE p.item_id = e.item_id AND p.space_id = e.space_id AND vector_dims(p.embedding) <> s.dimensions"
)


def triggers() -> Iterator[Finding]:
    """The triggers that mark what has to be embedded, whatever wrote it."""
    for model, trigger in pgtrigger.registered():
        status, is_enabled = trigger.get_installation_status(model)
        if status != "INSTALLED" or is_enabled is False:
            what = "is switched off" if status == "INSTALLED" else f"is {status.lower().replace('_', ' ')}"
            yield error("triggers", f"{trigger.name} {what}: changes go unnoticed.", "manage.py pgtrigger install")


def spaces() -> Iterator[Finding]:
    """Which space answers."""
    space = active_space()
    yield ok("spaces", f"'{space.name}' answers queries: {space.model}, {space.dimensions} dimensions.")


def encoder() -> Iterator[Finding]:
    """Whether the model of that space can be loaded here and encodes."""
    try:
        probe(encoder_of(active_space()))
    except EncoderUnavailable as problem:
        yield error(
            "encoder",
            f"{problem} Searches answer with words alone.",
            "See what it says; a damaged model in the data directory's models folder is made anew once it is deleted.",
        )


def dimensions() -> Iterator[Finding]:
    """Vectors that cannot be compared with those of their space."""
    for name, wanted, found, count in _rows(DIMENSIONS):
        yield error(
            "dimensions",
            f"{count:,} vectors of '{name}' have {found} dimensions instead of {wanted}.",
            EMBED_AGAIN,
        )


def orphans() -> Iterator[Finding]:
    """Rows that belong to nothing."""
    for what, (table, condition) in ORPHANS.items():
        count = _rows(f"SELECT count(*) FROM {table} t WHERE {condition}")[0][0]
        if count:
            yield warning("orphans", f"{count:,} {what}.", SWEPT)


def embeddings() -> Iterator[Finding]:
    """Items that are not found by meaning, or by what they said before."""
    states, lag = backlog()
    if states["failed"]:
        yield warning(
            "embeddings",
            f"{states['failed']:,} items could not be embedded.",
            "The admin's list of items says why; then: manage.py retry_embeddings",
        )
    if lag > MAX_LAG:
        yield error(
            "embeddings",
            f"A change has waited {lag / 60:.0f} minutes for its vectors; {states['pending']:,} items wait.",
            "Is an embedding worker running? See workers below.",
        )
    space = active_space()
    unmarked = _rows(UNMARKED, space.pk)[0][0]
    if unmarked:
        yield error("embeddings", f"{unmarked:,} items were never marked to be embedded.", SWEPT)
    without, stale = _rows(INCOMPLETE, space.pk)[0]
    if without or stale:
        message = f"{without:,} items count as embedded and have no vector, {stale:,} have those of another text."
        yield error("embeddings", message, SWEPT)


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
