"""The search: one function behind the page, the API and the evaluation."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from django.db import connection, transaction

from search.embedding.query import query_vector
from search.embedding.spaces import active_space
from search.errors import EncoderUnavailable
from search.retrieval import fusion, legs
from search.retrieval.browse import browse
from search.retrieval.facets import count_facets
from search.retrieval.filters import conditions_of
from search.retrieval.hits import build_hits
from search.retrieval.legs import Candidates
from search.retrieval.query import parse_query
from search.retrieval.ranking import Prepared, Ranked
from search.retrieval.types import FacetValue, Filter, SearchRequest, SearchResult
from search.retrieval.words import query_words

logger = logging.getLogger(__name__)

MAX_IDENTIFIER_HITS = 50


def search(request: SearchRequest) -> SearchResult:
    """Answers the request. Raises QueryTooLong and InvalidInput; without an encoder it answers with words alone."""
    started = time.perf_counter()
    if not request.query_text.strip():
        result = browse(request)
    else:
        prepared = _prepare(request)
        with transaction.atomic():
            legs.settle()
            result = _answer(request, prepared)
    return replace(result, took_ms=(time.perf_counter() - started) * 1_000)


def _prepare(request: SearchRequest) -> Prepared:
    parsed = parse_query(request.query_text)
    words = query_words(request.collection, parsed)
    if request.mode == "lexical" or not parsed.text:
        return Prepared(parsed, words, None, None, False)
    space = active_space()
    try:
        return Prepared(parsed, words, space, query_vector(space, parsed.text), False)
    except EncoderUnavailable as error:
        logger.warning("Searching with words alone: %s", error)
        return Prepared(parsed, words, None, None, True)


def _answer(request: SearchRequest, prepared: Prepared) -> SearchResult:
    ranked = _rank(request, prepared, request.filters)
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
        is_nothing_relevant=bool(hits) and request.offset == 0 and hits[0].band == "weak",
    )


def _rank(request: SearchRequest, prepared: Prepared, filters: Sequence[Filter]) -> Ranked:
    conditions = conditions_of(filters)
    candidates = legs.retrieve(
        collection=request.collection,
        conditions=conditions,
        words=prepared.words,
        is_lexical=prepared.is_lexical(request.mode),
        space=prepared.space,
        query_vector=prepared.vector,
        is_exact=bool(filters or prepared.words.required)
        and legs.is_selective(request.collection, conditions, prepared.words),
    )
    scores = _scores(request, prepared, candidates)
    identifiers = _identifier_hits(request, prepared, filters)
    candidates, scores = _with_identifiers(candidates, scores, identifiers)
    order = fusion.order_of(scores, candidates.ids)
    return Ranked(candidates, order, scores[order], identifiers)


def _scores(request: SearchRequest, prepared: Prepared, candidates: Candidates) -> fusion.Scores:
    if prepared.space is None:
        return candidates.lexical
    is_embedded = candidates.item_similarity != 0
    semantic = fusion.semantic_score(candidates.item_similarity, candidates.passage_similarity)
    if request.mode == "semantic":
        return semantic
    weight = fusion.word_weight(candidates.lexical, prepared.words.attainable)
    fused = fusion.fuse(candidates.lexical, semantic, is_embedded, word_weight=weight)
    if len(candidates) <= fusion.FEEDBACK_HITS:
        return fused
    first = candidates.ids[fusion.order_of(fused, candidates.ids)[: fusion.FEEDBACK_HITS]]
    similarity = legs.feedback_similarity(prepared.space, first.tolist(), candidates.ids)
    return fusion.add_feedback(fused, similarity, is_embedded)


IDENTIFIED = """
    SELECT i.id, (SELECT x FROM unnest(i.identifiers) x WHERE x = ANY(%(identifiers)s) ORDER BY length(x) DESC LIMIT 1)
    FROM catalog_item i WHERE i.identifiers && %(identifiers)s::text[] AND i.collection_id = %(collection)s
      AND {visible}
    ORDER BY i.id LIMIT {limit}
"""


def _identifier_hits(request: SearchRequest, prepared: Prepared, filters: Sequence[Filter]) -> dict[int, str]:
    """The items that the query names by an identifier, with it."""
    words = prepared.words
    if not words.identifiers:
        return {}
    conditions = conditions_of(filters)
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


def _with_identifiers(
    candidates: Candidates, scores: fusion.Scores, identifiers: dict[int, str]
) -> tuple[Candidates, fusion.Scores]:
    """Puts the items named by an identifier before all others, and adds those that no leg retrieved."""
    if not identifiers:
        return candidates, scores
    known = set(candidates.ids.tolist())
    added = np.array([one for one in identifiers if one not in known], dtype=np.int64)
    zeros = np.zeros(len(added))
    ids = np.concatenate([candidates.ids, added])
    union = Candidates(
        ids,
        np.concatenate([candidates.lexical, zeros]),
        np.concatenate([candidates.item_similarity, zeros]),
        np.concatenate([candidates.passage_similarity, zeros]),
    )
    lowest, highest = (float(scores.min()), float(scores.max())) if len(scores) else (0.0, 0.0)
    scores = np.concatenate([scores, np.full(len(added), lowest)])
    lift = np.isin(ids, np.array(list(identifiers), dtype=np.int64)) * (highest - lowest + 1.0)
    return union, scores + lift


def _facets(request: SearchRequest, prepared: Prepared, ranked: Ranked) -> dict[str, tuple[FacetValue, ...]]:
    """A facet with a selection counts over the candidates that the other filters alone would leave."""
    filtered = {one.attribute for one in request.filters}
    plain = [name for name in request.facets if name not in filtered]
    facets = count_facets(ranked.ids, plain, request.filters)
    for name in request.facets:
        if name in filtered:
            others = [one for one in request.filters if one.attribute != name]
            facets |= count_facets(_rank(request, prepared, others).ids, [name], request.filters)
    return {name: facets[name] for name in request.facets}
