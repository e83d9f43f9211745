"""The context of a question: found passages with what stands around them, chosen and numbered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from catalog.models import Collection
from search.retrieval.context.assembling import Candidate, Piece, Source, assemble, block
from search.retrieval.context.tokens import tokens_of
from search.retrieval.passages import Found, nearest_passages

OVERSAMPLE = 4  # passages looked at for one that is wanted: some say the same, some do not fit
MOST_LOOKED_AT = 200

AROUND = """
    SELECT f.n, min(p.start), max(p."end") FROM unnest(%(items)s::bigint[], %(ordinals)s::int[]) WITH ORDINALITY
        AS f(item_id, ordinal, n)
    JOIN search_passage p ON p.item_id = f.item_id AND p.space_id = %(space)s AND p.ordinal > 0
        AND p.ordinal BETWEEN f.ordinal - %(reach)s AND f.ordinal + %(reach)s
    WHERE f.ordinal > 0 GROUP BY f.n
"""


@dataclass(frozen=True, slots=True)
class ContextPassage:
    """A numbered span of an item's text (title, line break, body), which may be cited by its number."""

    number: int
    external_id: str
    title: str
    url: str
    text: str
    start: int
    end: int
    score: float
    tokens: int
    also_in: tuple[str, ...]

    @property
    def body(self) -> str:
        """The text without the title that it may begin with."""
        return (self.text[len(self.title) :] if self.start == 0 else self.text).strip()


@dataclass(frozen=True, slots=True)
class Context:
    """`text` holds all passages with their numbers; `tokens` is an estimate of it."""

    passages: tuple[ContextPassage, ...]
    text: str
    tokens: int
    left_out: int


EMPTY = Context((), "", 0, 0)


def gather(
    *,
    collection: Collection,
    query_text: str,
    limit: int,
    neighbours: int = 0,
    max_tokens: int | None = None,
    is_strict: bool = False,
) -> Context:
    """At most `limit` passages, each with up to `neighbours` on either side. Raises EncoderUnavailable.

    `is_strict` leaves out those of items that are a weak match, unless there are no others.
    """
    looked_at = min(limit * OVERSAMPLE, max(limit, MOST_LOOKED_AT))
    found = nearest_passages(collection=collection, query_text=query_text, limit=looked_at)
    if found is None:
        return EMPTY
    found = _strictly(found) if is_strict else found
    sources = {i: Source(found.hits[i].title, text) for i, text in found.texts.items()}
    candidates = _candidates(found, neighbours)
    assembled = assemble(candidates, sources, limit=limit, max_tokens=max_tokens)
    blocks = [block(n, sources[one.item_id], one.start, one.end) for n, one in enumerate(assembled.pieces, start=1)]
    text = "\n\n".join(blocks)
    passages = tuple(
        _passage(n, piece, found, tokens_of(own))
        for n, (piece, own) in enumerate(zip(assembled.pieces, blocks, strict=True), start=1)
    )
    return Context(passages, text, tokens_of(text), assembled.left_out)


def _strictly(found: Found) -> Found:
    passages = tuple(one for one in found.passages if found.hits[one.item_id].band != "weak")
    return replace(found, passages=passages or found.passages)


def _candidates(found: Found, neighbours: int) -> list[Candidate]:
    """Each passage with what stands around it, from far to near."""
    rows = found.passages
    around = [_around(found, reach) for reach in range(neighbours, 0, -1)]
    return [
        Candidate(row.item_id, (*(spans[n] for spans in around if n in spans), (row.start, row.end)), row.score)
        for n, row in enumerate(rows)
    ]


def _around(found: Found, reach: int) -> dict[int, tuple[int, int]]:
    """By the passage's place, the span with its neighbours."""
    parameters: dict[str, Any] = {
        "items": [row.item_id for row in found.passages],
        "ordinals": [row.ordinal for row in found.passages],
        "space": found.space_id,
        "reach": reach,
    }
    with connection.cursor() as cursor:
        cursor.execute(AROUND, parameters)
        return {int(n) - 1: (start, end) for n, start, end in cursor.fetchall()}


def _passage(number: int, piece: Piece, found: Found, tokens: int) -> ContextPassage:
    hit = found.hits[piece.item_id]
    return ContextPassage(
        number=number,
        external_id=hit.external_id,
        title=hit.title,
        url=hit.url,
        text=found.texts[piece.item_id][piece.start : piece.end],
        start=piece.start,
        end=piece.end,
        score=piece.score,
        tokens=tokens,
        also_in=tuple(found.hits[one].external_id for one in piece.also_in),
    )
