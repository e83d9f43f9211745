"""From the candidates of both legs to one score for each, as the collection's settings have it."""

from __future__ import annotations

import numpy as np

from search.retrieval.ranking import fusion
from search.retrieval.ranking.legs import Candidates
from search.retrieval.ranking.stages import Prepared
from search.retrieval.ranking.trust import word_trust
from search.retrieval.types import SearchRequest
from search.timing import stage


@stage("search.scores")
def scores_of(request: SearchRequest, prepared: Prepared, candidates: Candidates) -> fusion.Scores:
    """One score for each candidate, larger for better."""
    if prepared.space is None:
        return candidates.lexical
    semantic = fusion.semantic_score(candidates.item_similarity, candidates.passage_similarity)
    if request.mode == "semantic":
        return semantic
    settings = prepared.settings
    is_embedded = candidates.item_similarity != 0
    if settings.fusion == "rrf":
        return fusion.fuse_reciprocal_ranks(
            candidates.lexical,
            semantic,
            is_embedded,
            k=settings.rrf_k,
            word_weight=settings.lexical_weight,
            semantic_weight=settings.semantic_weight,
        )
    return _fused_scores(prepared, candidates, semantic)


def _fused_scores(prepared: Prepared, candidates: Candidates, semantic: fusion.Scores) -> fusion.Scores:
    """Standardised scores, moved towards what resembles the first hits."""
    settings = prepared.settings
    is_embedded = candidates.item_similarity != 0
    trust = word_trust(float(candidates.lexical.max(initial=0.0)), prepared.words)
    fused = fusion.fuse(
        candidates.lexical,
        semantic,
        is_embedded,
        word_weight=trust * settings.lexical_weight,
        semantic_weight=settings.semantic_weight,
    )
    if len(candidates) <= fusion.FEEDBACK_HITS:
        return fused
    first = fusion.order_of(fused, candidates.ids)[: fusion.FEEDBACK_HITS]
    similarity = fusion.centroid_similarity(candidates.vectors, first)
    return fusion.add_feedback(fused, similarity, is_embedded)


def with_identifiers(
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
        np.concatenate([candidates.vectors, np.zeros((len(added), candidates.vectors.shape[1]), dtype=np.float32)]),
    )
    lowest, highest = (float(scores.min()), float(scores.max())) if len(scores) else (0.0, 0.0)
    scores = np.concatenate([scores, np.full(len(added), lowest)])
    lift = np.isin(ids, np.array(list(identifiers), dtype=np.int64)) * (highest - lowest + 1.0)
    return union, scores + lift
