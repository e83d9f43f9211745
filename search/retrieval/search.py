"""The search: one function behind the page, the API and the evaluation."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from django.db import connection

from catalog.schemas import parse_search_settings
from search.embedding.query_vectors import query_vector
from search.embedding.spaces.lifecycle import active_space, asked_once
from search.errors import EncoderUnavailable
from search.retrieval.answer.bands import WEAK
from search.retrieval.answer.browse import browse
from search.retrieval.answer.facets import count_facets
from search.retrieval.answer.families import spread_families
from search.retrieval.answer.hits import build_hits
from search.retrieval.answer.relevance import is_cut_off, matching, relevant_ids, with_levels, within
from search.retrieval.query.measures import read_measures
from search.retrieval.query.parsing import ParsedQuery, parse_query
from search.retrieval.query.unknown_words import read_query
from search.retrieval.query.windows import vector_of
from search.retrieval.ranking import fusion, legs, relaxing
from search.retrieval.ranking.collapse import collapse
from search.retrieval.ranking.filters import Conditions, among, conditions_of
from search.retrieval.ranking.order import sorted_ids
from search.retrieval.ranking.partial_identifiers import begun_by
from search.retrieval.ranking.rerank import rerank
from search.retrieval.ranking.scores import scores_of, with_identifiers
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.ranking.wishes import with_wishes
from search.retrieval.types import FacetValue, Filter, SearchRequest, SearchResult, Sort
from search.timing import count, stage

logger = logging.getLogger(__name__)

MAX_IDENTIFIER_HITS = 50
PLENTY = 2  # times what is shown up to the end of the page


@stage("search.whole")
def search(request: SearchRequest) -> SearchResult:
    """Answers the request. Raises QueryTooLong and InvalidInput; without an encoder it answers with words alone."""
    started = time.perf_counter()
    meant, understood = read_measures(request)
    result = replace(_answered(meant), understood=understood)
    if understood and not result.total:  # the words were no condition, or none that anything meets
        result = _answered(request)
    return replace(result, took_ms=(time.perf_counter() - started) * 1_000)


def _answered(request: SearchRequest) -> SearchResult:
    prepared = prepare(request)
    return browse(request) if prepared is None else answer(request, prepared)


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
        count("search.degraded")
        return replace(prepared, is_degraded=True)


def answer(request: SearchRequest, prepared: Prepared) -> SearchResult:
    """The hits of the page with all that is told of them.

    1. everything: the ranking without filters, with the band of each hit
    2. relevant: what of it is not weak and passes the filters; totals, facets and pages count it
    3. found: that, and behind it what else passes the filters and is further away
    4. the page of it, with snippets and explanations
    """
    everything = _ranked(request, prepared, ())
    found, relevant = _found(request, prepared, everything)
    if request.sort is None:
        found = rerank(request, prepared, found)
    else:
        found = _sorted(found, relevant or found.ids, request.sort)
    page = found.ids[request.offset : request.offset + request.limit]
    hits = build_hits(request, prepared, found, page)
    end = request.offset + len(page)
    return SearchResult(
        hits=hits,
        total=len(relevant),
        is_capped=is_cut_off(found),
        facets=_facets(request, prepared, everything),
        next_offset=end if page and end < len(found.ids) else None,
        mode=request.mode,
        is_degraded=prepared.is_degraded,
        took_ms=0,
        suggestion=prepared.suggestion,
        warnings=found.warnings,
        relaxed=found.relaxed,
        is_nothing_relevant=bool(hits) and not (found.levels < WEAK).any(),
    )


def _found(request: SearchRequest, prepared: Prepared, everything: Ranked) -> tuple[Ranked, list[int]]:
    """The hits within the filters, and which of them are relevant.

    An item is as relevant within filters as without, and so is a duplicate that only its hit kept off the list: the
    count of a facet is the total that it leads to. Only where there is more that is relevant than was ranked, or where
    a command was given up because of the filters, it is what is relevant among what passes the filters.
    """
    if not request.filters:
        return everything, relevant_ids(everything)
    hit_of = {} if is_cut_off(everything) else everything.members(everything.ids)
    passing = matching(list(hit_of), request.filters)
    if all(hit_of[item_id] == item_id for item_id in passing) and _is_plenty(request, prepared, passing):
        found = everything.picked(np.flatnonzero(np.isin(everything.ids, passing)))
        if request.sort is None or relevant_ids(found):  # else the cheapest of all is meant
            return found, relevant_ids(found)
    found = _ranked(request, prepared, request.filters)
    if is_cut_off(everything) or found.relaxed != everything.relaxed:
        return found, relevant_ids(found)
    countable = everything.members(relevant_ids(everything)).keys() & set(found.ids)
    relevant = [item_id for item_id in passing if item_id in countable]
    return within(found, everything, relevant), relevant


def _is_plenty(request: SearchRequest, prepared: Prepared, passing: Sequence[int]) -> bool:
    """Whether so many of those ranked pass the filters that none need be sought within these."""
    has_commands = prepared.words.required or prepared.words.excluded
    return not has_commands and len(passing) >= PLENTY * (request.offset + request.limit)


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
    few = None
    if filters or request.where or prepared.words.required:
        few = legs.few_left(request.collection, conditions, prepared.words, filters)
    if few is not None:
        conditions = among(few)
    candidates = legs.retrieve(
        collection=request.collection,
        conditions=conditions,
        words=prepared.words,
        is_lexical=prepared.is_lexical(request.mode),
        space=prepared.space,
        query_vector=prepared.vector,
        is_exact=few is not None,
    )
    scores = scores_of(request, prepared, candidates)
    scores = with_wishes(scores, prepared.words, candidates.ids)
    named = _identifier_hits(request, prepared, conditions)
    begun = {} if named else begun_by(request.collection, prepared.parsed.text, prepared.words, conditions)
    candidates, scores = with_identifiers(candidates, scores, named or begun)
    order = fusion.order_of(scores, candidates.ids)
    ranked = Ranked(candidates, order, scores[order], named or begun, is_begun=bool(begun))
    return spread_families(request, prepared, collapse(prepared, with_levels(request, prepared, ranked)))


def _sorted(found: Ranked, relevant: Sequence[int], sort: Sort) -> Ranked:
    """Another order than relevance is one of what is relevant, or else the cheapest of all comes first."""
    positions = {item_id: n for n, item_id in enumerate(found.ids)}
    ids = sorted_ids([item_id for item_id in relevant if item_id in positions], sort)
    return found.picked(np.array([positions[item_id] for item_id in ids], dtype=np.int64))


# Materialised, because PostgreSQL would else go through all items in order of their ids until it has enough.
IDENTIFIED = """
    WITH found AS MATERIALIZED (
        SELECT i.id, i.identifiers FROM catalog_item i
        WHERE i.identifiers && %(identifiers)s::text[] AND i.collection_id = %(collection)s AND {visible}
    )
    SELECT id, (SELECT x FROM unnest(identifiers) x WHERE x = ANY(%(identifiers)s) ORDER BY length(x) DESC LIMIT 1)
    FROM found ORDER BY id LIMIT {limit}
"""


def _identifier_hits(request: SearchRequest, prepared: Prepared, conditions: Conditions) -> dict[int, str]:
    """The items that the query names by an identifier, with it."""
    words = prepared.words
    if not words.identifiers:
        return {}
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


@stage("search.facets")
def _facets(request: SearchRequest, prepared: Prepared, everything: Ranked) -> dict[str, tuple[FacetValue, ...]]:
    """Of what is relevant. A facet with a selection counts what the other filters alone would leave."""
    facets: dict[str, tuple[FacetValue, ...]] = {}
    hit_of = everything.members(relevant_ids(everything))
    for others, names in _facets_by_filters(request).items():
        if others and is_cut_off(everything):
            within_others = _ranked(request, prepared, others)
            counted = within_others.members(relevant_ids(within_others))
        else:
            counted = {item_id: hit_of[item_id] for item_id in matching(list(hit_of), others)}
        facets |= count_facets(counted, names, request.filters)
    return {name: facets[name] for name in request.facets}


def _facets_by_filters(request: SearchRequest) -> dict[tuple[Filter, ...], list[str]]:
    """The facets by the filters on other attributes."""
    grouped: dict[tuple[Filter, ...], list[str]] = defaultdict(list)
    for name in request.facets:
        grouped[tuple(one for one in request.filters if one.attribute != name)].append(name)
    return grouped
