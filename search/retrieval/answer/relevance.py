"""What of a ranking is relevant: the band of each candidate, and the set that totals, facets and pages count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from search.retrieval.answer.bands import (
    EXACT,
    GOOD,
    POSSIBLE,
    STRONG,
    WEAK,
    NullDistribution,
    Signs,
    Values,
    levels_of,
    null_distribution,
)
from search.retrieval.query.query_words import QueryWord, QueryWords
from search.retrieval.ranking import fusion, legs
from search.retrieval.ranking.filters import conditions_of
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.types import Filter, SearchRequest
from search.timing import stage

DEVIATION = 2.0  # of the sum of both legs' standardised scores and the feedback
HALF = 0.5
FEW = 30  # candidates; among fewer none can stand out, and
OF_SURPRISE_ALONE = 2.5  # scores are as high as they are among many for such a surprise

MATCHING = "SELECT i.id FROM catalog_item i WHERE i.id = ANY(%(ids)s) {conditions}"


@stage("search.bands")
def with_levels(request: SearchRequest, prepared: Prepared, ranked: Ranked) -> Ranked:
    """The ranking by relevance with the band of each hit."""
    if not len(ranked.order):
        return ranked
    named = np.isin(ranked.candidates.ids[ranked.order], list(ranked.identifiers))
    levels = np.full(len(named), STRONG if ranked.is_begun else EXACT)
    levels[~named] = np.maximum(levels_of(_signs(request, prepared, ranked, ~named)), _best(prepared))
    if prepared.words.required:
        levels = np.minimum(levels, POSSIBLE)  # they have what a hit must have
    return replace(ranked, levels=levels)


def _signs(request: SearchRequest, prepared: Prepared, ranked: Ranked, which: NDArray[np.bool_]) -> Signs:
    where = ranked.order[which]
    candidates, words = ranked.candidates, prepared.words
    has_own_scale = request.mode == "hybrid" and prepared.settings.fusion == "scores" and not words.wished
    scores = ranked.scores[which] if has_own_scale else DEVIATION * fusion.standardise(ranked.scores[which])
    surprise = _surprise(prepared, candidates.passage_similarity[where])
    if surprise is not None and len(candidates) < FEW:
        scores = np.maximum(scores, OF_SURPRISE_ALONE * surprise)
    return Signs(
        scores=scores,
        words=_words(words, candidates.lexical[where]),
        surprise=surprise,
        sense=sense(words),
    )


def _words(words: QueryWords, scores: Values) -> Values:
    """BM25 as a share of what it can reach at most. Guesses prove nothing."""
    most = sum(words.weight(word) for word in words.words)
    typed = _share(words, lambda word: not word.is_guess, of_nothing=0.0)
    return scores / most * typed if most else np.zeros_like(scores)


def _surprise(prepared: Prepared, similarities: Values) -> Values | None:
    return None if prepared.space is None else _null(prepared).surprise(similarities)


def _null(prepared: Prepared) -> NullDistribution:
    words = prepared.words
    is_own = prepared.space is not None and words.null_space_id == prepared.space.pk
    return null_distribution(words.null_similarities if is_own else ())


def _best(prepared: Prepared) -> int:
    """The best band that a query of this sense can have: a model makes a vector of any letters."""
    words, has_sense = prepared.words, sense(prepared.words)
    is_all_guessed = not words.is_any_known and any(word.is_guess for word in words.words)
    if is_all_guessed or not has_sense:
        return POSSIBLE
    return GOOD if has_sense < HALF and prepared.space is not None else EXACT


def sense(words: QueryWords) -> float:
    """The share of the query, weighted by IDF, that is no mere string of letters; in [0, 1]."""
    return _share(words, lambda word: not word.is_senseless, of_nothing=1.0)


def _share(words: QueryWords, counts: Callable[[QueryWord], bool], *, of_nothing: float) -> float:
    total = sum(words.idf(word) for word in words.words)
    return sum(words.idf(word) for word in words.words if counts(word)) / total if total else of_nothing


def relevant_ids(ranked: Ranked) -> list[int]:
    """The hits that are not weak."""
    found: list[int] = ranked.candidates.ids[ranked.order[ranked.levels < WEAK]].tolist()
    return found


def is_cut_off(ranked: Ranked) -> bool:
    """Whether there may be more that is relevant than the legs brought."""
    return len(ranked.order) >= legs.LEG_CANDIDATES and bool((ranked.levels < WEAK).all())


def matching(ids: Sequence[int], filters: Sequence[Filter]) -> list[int]:
    """Those of the items that pass the filters, in their order."""
    if not filters or not ids:
        return list(ids)
    conditions = conditions_of(filters)
    with connection.cursor() as cursor:
        cursor.execute(MATCHING.format(conditions=conditions.sql), {**conditions.parameters, "ids": list(ids)})
        passing = {row[0] for row in cursor.fetchall()}
    return [item_id for item_id in ids if item_id in passing]


def within(found: Ranked, everything: Ranked, relevant: Sequence[int]) -> Ranked:
    """What was found within filters: first what is `relevant` among everything, then the rest as further away: what of
    it is among everything, in that order, and the others."""
    level_of_hit = dict(zip(everything.ids, everything.levels.tolist(), strict=True))
    hit_of = everything.members(everything.ids)
    place = {item_id: n for n, item_id in enumerate(found.ids)}
    nearer = dict.fromkeys([*relevant, *(item_id for item_id in everything.ids if item_id in place)])
    picked = found.picked(np.array([place[item_id] for item_id in {**nearer, **place}], dtype=np.int64))
    levels = np.full(len(place), WEAK, dtype=np.int64)
    levels[: len(relevant)] = [level_of_hit[hit_of[item_id]] for item_id in relevant]
    return replace(picked, levels=levels)
