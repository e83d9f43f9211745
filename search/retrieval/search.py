"""The search: one function behind the page, the API and the evaluation."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from django.db import connection

from catalog.schemas import parse_search_settings
from search.embedding.query_vectors import query_vector
from search.embedding.spaces.lifecycle import active_space, asked_once
from search.errors import EncoderUnavailable
from search.retrieval.answer.browse import browse
from search.retrieval.answer.facets import count_facets
from search.retrieval.answer.hits import build_hits, relevant_ids
from search.retrieval.query.parsing import ParsedQuery, parse_query
from search.retrieval.query.unknown_words import read_query
from search.retrieval.query.windows import vector_of
from search.retrieval.ranking import fusion, legs, relaxing
from search.retrieval.ranking.collapse import collapse
from search.retrieval.ranking.filters import conditions_of
from search.retrieval.ranking.order import sorted_ids
from search.retrieval.ranking.rerank import rerank
from search.retrieval.ranking.scores import scores_of, with_identifiers
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.ranking.wishes import with_wishes
from search.retrieval.types import FacetValue, Filter, SearchRequest, SearchResult

logger = logging.getLogger(__name__)

MAX_IDENTIFIER_HITS = 50


def search(request: SearchRequest) -> SearchResult:
    """Answers the request. Raises QueryTooLong and InvalidInput; without an encoder it answers with words alone."""
    started = time.perf_counter()
    prepared = prepare(request)
    result = browse(request) if prepared is None else answer(request, prepared)
    return replace(result, took_ms=(time.perf_counter() - started) * 1_000)


def prepare(request: SearchRequest) -> Prepared | None:
    """The query as it is meant, with its vector; None for one without text."""
    parsed = parse_query(request.query_text)
    if not parsed.text:
        return None
    with asked_once():
        return _prepare(request, parsed)


def _prepare(request: SearchRequest, parsed: ParsedQuery) -> Prepared:
    read = read_query(request.collection, request.query_text, parsed)
    settings = parse_search_settings(request.collection.search_settings)
    prepared = Prepared(read.parsed, read.words, settings, suggestion=read.suggestion)
    if request.mode == "lexical":
        return prepared
    space = active_space()
    try:
        return replace(prepared, space=space, vector=vector_of(space, request.collection.language, read, query_vector))
    except EncoderUnavailable as error:
        logger.warning("Searching with words alone: %s", error)
        return replace(prepared, is_degraded=True)


def answer(request: SearchRequest, prepared: Prepared) -> SearchResult:
    """The hits of the page with all that is told of them."""
    ranked = _ranked(request, prepared, request.filters)
    if request.sort is None:
        ranked = rerank(request, prepared, ranked)
    page = ranked.ids[request.offset : request.offset + request.limit]
    hits = build_hits(request, prepared, ranked, page)
    end = request.offset + len(page)
    return SearchResult(
        hits=hits,
        total=len(ranked.ids),
        is_capped=len(ranked.ids) >= legs.LEG_CANDIDATES,
        facets=_facets(request, prepared, ranked),
        next_offset=end if page and end < len(ranked.ids) else None,
        mode=request.mode,
        is_degraded=prepared.is_degraded,
        took_ms=0,
        suggestion=prepared.suggestion,
        warnings=ranked.warnings,
        relaxed=ranked.relaxed,
        is_nothing_relevant=bool(hits) and request.offset == 0 and hits[0].band == "weak",
    )


def _ranked(request: SearchRequest, prepared: Prepared, filters: Sequence[Filter]) -> Ranked:
    """The hits; where a required phrase leaves fewer than a page, or an exclusion none, others follow without it."""
    ranked = _rank(request, prepared, filters)
    words, parsed = prepared.words, prepared.parsed
    if words.required and len(ranked.ids) < min(request.limit, relaxing.ENOUGH):
        others = _rank(request, relaxing.without_phrases(prepared), filters)
        ranked = relaxing.followed_by(ranked, others, relaxing.phrases_of(parsed))
    if words.excluded and not ranked.ids:
        others = _rank(request, relaxing.without_commands(prepared), filters)
        left_out = f"{relaxing.phrases_of(parsed)} {relaxing.exclusions_of(parsed)}".strip()
        ranked = relaxing.followed_by(ranked, others, left_out)
    return ranked if ranked.ids else replace(ranked, relaxed="")


def _rank(request: SearchRequest, prepared: Prepared, filters: Sequence[Filter]) -> Ranked:
    conditions = conditions_of(filters, request.where)
    candidates = legs.retrieve(
        collection=request.collection,
        conditions=conditions,
        words=prepared.words,
        is_lexical=prepared.is_lexical(request.mode),
        space=prepared.space,
        query_vector=prepared.vector,
        is_exact=bool(filters or request.where or prepared.words.required)
        and legs.is_selective(request.collection, conditions, prepared.words),
    )
    scores = scores_of(request, prepared, candidates)
    scores = with_wishes(scores, prepared.words, candidates.ids)
    identifiers = _identifier_hits(request, prepared, filters)
    candidates, scores = with_identifiers(candidates, scores, identifiers)
    order = fusion.order_of(scores, candidates.ids)
    return _sorted(request, prepared, collapse(prepared, Ranked(candidates, order, scores[order], identifiers)))


def _sorted(request: SearchRequest, prepared: Prepared, ranked: Ranked) -> Ranked:
    """Another order than relevance is one of what is relevant, or else the cheapest of all comes first."""
    if request.sort is None or not len(ranked.order):
        return ranked
    positions = {item_id: n for n, item_id in enumerate(ranked.ids)}
    ids = sorted_ids(relevant_ids(prepared, ranked), request.sort)
    chosen = np.array([positions[item_id] for item_id in ids], dtype=np.int64)
    return replace(ranked, order=ranked.order[chosen], scores=ranked.scores[chosen])


# Materialised, because PostgreSQL would else go through all items in order of their ids until it has enough.
IDENTIFIED = """
    WITH found AS MATERIALIZED (
        SELECT i.id, i.identifiers FROM catalog_item i
        WHERE i.identifiers && %(identifiers)s::text[] AND i.collection_id = %(collection)s AND {visible}
    )
    SELECT id, (SELECT x FROM unnest(identifiers) x WHERE x = ANY(%(identifiers)s) ORDER BY length(x) DESC LIMIT 1)
    FROM found ORDER BY id LIMIT {limit}
"""


def _identifier_hits(request: SearchRequest, prepared: Prepared, filters: Sequence[Filter]) -> dict[int, str]:
    """The items that the query names by an identifier, with it."""
    words = prepared.words
    if not words.identifiers:
        return {}
    conditions = conditions_of(filters, request.where)
    parameters = {
        **conditions.parameters,
        **legs.condition_parameters(words),
        "identifiers": list(words.identifiers),
        "collection": request.collection.pk,
    }
    visible = legs.visible_sql(words, conditions)
    with connection.cursor() as cursor:
        cursor.execute(IDENTIFIED.format(visible=visible, limit=MAX_IDENTIFIER_HITS), parameters)
        return dict(cursor.fetchall())


def _facets(request: SearchRequest, prepared: Prepared, ranked: Ranked) -> dict[str, tuple[FacetValue, ...]]:
    """A facet with a selection counts over the candidates that the other filters alone would leave."""
    filtered = {one.attribute for one in request.filters}
    plain = [name for name in request.facets if name not in filtered]
    facets = count_facets(ranked.ids, plain, request.filters)
    for name in request.facets:
        if name in filtered:
            others = [one for one in request.filters if one.attribute != name]
            facets |= count_facets(_ranked(request, prepared, others).ids, [name], request.filters)
    return {name: facets[name] for name in request.facets}
