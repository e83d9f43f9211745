"""The hits of one page: their texts, snippets, bands and, when asked for, explanations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from catalog.json_text import read_stored
from search.embedding.query_vectors import similarities
from search.embedding.storage import sql_of
from search.retrieval.answer.bands import BANDS
from search.retrieval.answer.sentences import Span, sentences_of
from search.retrieval.answer.snippets import SNIPPET_LENGTH, body_snippet, marks_of
from search.retrieval.query.stemming import stem
from search.retrieval.ranking import fusion
from search.retrieval.ranking.collapse import twins_of
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.types import Explanation, Hit, LegExplanation, SearchRequest, Snippet
from search.timing import stage

MAX_SENTENCES_OF_A_HIT = 8
MAX_SENTENCES = 16  # of a page

_WORD = re.compile(r"\w+")

ROWS = """
    SELECT i.id, i.external_id, i.title, i.body, i.url, i.image, i.attributes,
           ARRAY(SELECT unnest(tsvector_to_array(i.search_vector)) INTERSECT SELECT unnest(%(words)s::text[])),
           {passage}
    FROM catalog_item i WHERE i.id = ANY(%(ids)s)
"""

BEST_PASSAGE = """(
    SELECT ARRAY[p.start, p."end"] FROM search_passage p
    WHERE p.item_id = i.id AND p.space_id = {space} AND p.ordinal > 0 AND p.start < p."end" ORDER BY {distance} LIMIT 1
)"""


@dataclass(frozen=True, slots=True)
class Row:
    """What a page shows of an item."""

    item_id: int
    external_id: str
    title: str
    body: str
    url: str
    image: str
    attributes: dict[str, Any]
    matched: tuple[str, ...]
    passage: Span | None  # the best, of an item that has several


@stage("search.hits")
def build_hits(request: SearchRequest, prepared: Prepared, ranked: Ranked, page: Sequence[int]) -> tuple[Hit, ...]:
    """The hits of the page, in its order."""
    if not page:
        return ()
    rows = load_rows(page, prepared)
    page = [item_id for item_id in page if item_id in rows]  # one may have been deleted meanwhile
    snippets = _snippets(request, prepared, [rows[item_id] for item_id in page])
    twins, variants = twins_of(ranked, page)
    positions = {item_id: n for n, item_id in enumerate(ranked.ids)}
    explain = _Explainer(request, prepared, ranked) if request.explain else None
    hits = []
    for item_id in page:
        row, n = rows[item_id], positions[item_id]
        hits.append(
            Hit(
                item_id=row.item_id,
                external_id=row.external_id,
                title=row.title,
                url=row.url,
                image=row.image,
                score=round(float(ranked.scores[n]), 6),
                band=BANDS[ranked.levels[n]],
                snippet=snippets[item_id],
                attributes=row.attributes,
                explanation=explain(n, row) if explain else None,
                duplicates=twins.get(item_id, ()),
                variants=variants.get(item_id, ()),
            )
        )
    return tuple(hits)


def load_rows(ids: Sequence[int], prepared: Prepared | None = None) -> dict[int, Row]:
    """What there is to show of the items, for a query with its words and the passage nearest to it."""
    words = prepared.words.words if prepared else ()
    parameters: dict[str, Any] = {"ids": list(ids), "words": [lexeme for word in words for lexeme in word.lexemes]}
    passage = "NULL"
    if prepared and prepared.space is not None and prepared.vector is not None:
        vectors = sql_of(prepared.space)
        passage = BEST_PASSAGE.format(space=prepared.space.pk, distance=vectors.distance())
        parameters["query"] = vectors.query_text(prepared.vector)
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(passage=passage), parameters)
        return {row[0]: Row(*row) for row in map(_read, cursor.fetchall())}


def _read(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Raw cursors of Django leave JSON as text."""
    *plain, attributes, matched, passage = row
    attributes = dict(read_stored(attributes) if isinstance(attributes, str) else attributes)
    return *plain, attributes, tuple(matched), tuple(passage) if passage else None


def _snippets(request: SearchRequest, prepared: Prepared, rows: Sequence[Row]) -> dict[int, Snippet]:
    """A piece of each body: around the query's words, else from the sentence that is closest in meaning."""
    words = prepared.words
    language = request.collection.language
    spans = {row.item_id: _in_body(row) for row in rows}
    weights = {
        row.item_id: {
            lexeme: words.idf(word) for word in words.words for lexeme in word.lexemes if lexeme in row.matched
        }
        for row in rows
    }
    if request.explain:  # encoding sentences takes as long as the rest of a search
        wordless = [row for row in rows if not marks_of(row.body, weights[row.item_id], language)]
        spans |= _closest_sentences(prepared, wordless, spans)
    return {row.item_id: body_snippet(row.body, weights[row.item_id], language, spans[row.item_id]) for row in rows}


def _in_body(row: Row) -> Span | None:
    offset = len(row.title) + 1
    return (max(row.passage[0] - offset, 0), max(row.passage[1] - offset, 0)) if row.passage else None


def _closest_sentences(
    prepared: Prepared, rows: Sequence[Row], passages: Mapping[int, Span | None]
) -> dict[int, Span | None]:
    """Only a few sentences are looked at, of the first hits first: each costs milliseconds."""
    if prepared.space is None or prepared.vector is None:
        return {}
    candidates: list[tuple[Row, Span]] = []
    for row in rows:
        start, end = passages[row.item_id] or (0, len(row.body))
        spans = sentences_of(row.body, start, end, MAX_SENTENCES_OF_A_HIT)
        if 1 < len(spans) <= MAX_SENTENCES - len(candidates):
            candidates += [(row, span) for span in spans]
    texts = [row.body[start : min(end, start + SNIPPET_LENGTH)] for row, (start, end) in candidates]
    found = similarities(prepared.space, prepared.vector, texts)
    if found is None:
        return {}
    best = sorted(zip(found.tolist(), range(len(candidates)), strict=True))
    return {candidates[n][0].item_id: candidates[n][1] for _, n in best}


def matched_attributes(attributes: Mapping[str, Any], lexemes: Sequence[str], language: str) -> tuple[str, ...]:
    """The attributes with a text of which every word is among the lexemes."""
    return tuple(
        name
        for name, value in attributes.items()
        if any(
            isinstance(text, str)
            and (words := _WORD.findall(text.lower()))
            and all(word in lexemes or stem(word, language) in lexemes for word in words)
            for text in (value if isinstance(value, list) else [value])
        )
    )


def _filtered_attributes(request: SearchRequest) -> tuple[str, ...]:
    plain = tuple(one.attribute.removeprefix(".") for one in request.filters)
    return plain if request.where is None else tuple(dict.fromkeys((*plain, *request.where.attributes())))


class _Explainer:
    """Explains hits: computes what concerns the whole candidate set once."""

    def __init__(self, request: SearchRequest, prepared: Prepared, ranked: Ranked) -> None:
        self._request, self._prepared, self._ranked = request, prepared, ranked
        candidates = ranked.candidates
        semantic = fusion.semantic_score(candidates.item_similarity, candidates.passage_similarity)
        self._legs = []
        if prepared.is_lexical(request.mode):
            self._legs.append(("lexical", candidates.lexical, candidates.lexical > 0))
        if prepared.space is not None:
            self._legs.append(("semantic", semantic, candidates.item_similarity != 0))
        self._tables = [
            (name, raw, fusion.standardise(raw, has if name == "semantic" else None), fusion.ranks(raw), has)
            for name, raw, has in self._legs
        ]

    def __call__(self, n: int, row: Row) -> Explanation:
        where = self._ranked.order[n]
        legs = tuple(
            LegExplanation(
                leg=name,  # type: ignore[arg-type]
                rank=int(ranks[where]) if has[where] else None,
                raw_score=round(float(raw[where]), 6),
                normalised_score=round(float(normalised[where]), 6),
            )
            for name, raw, normalised, ranks, has in self._tables
        )
        return Explanation(
            legs=legs,
            matched_words=row.matched,
            best_passage=row.passage or (0, len(row.title) + 1 + len(row.body)),
            identifier=self._ranked.identifiers.get(row.item_id),
            filters=_filtered_attributes(self._request),
            second_score=self._ranked.second_scores.get(row.item_id),
            asked_words=len(self._prepared.words.words),
            matched_attributes=matched_attributes(row.attributes, row.matched, self._request.collection.language),
        )
