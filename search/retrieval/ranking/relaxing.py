"""What follows the hits that have all that was required, where these are few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from search.retrieval.query.parsing import ParsedQuery
from search.retrieval.ranking.legs import Candidates
from search.retrieval.ranking.stages import Prepared, Ranked

ENOUGH = 10  # hits, or a page of them where that is less


def without_phrases(prepared: Prepared) -> Prepared:
    """The same query that requires nothing."""
    return replace(prepared, words=replace(prepared.words, required=""))


def without_commands(prepared: Prepared) -> Prepared:
    """The same query that neither requires nor excludes anything."""
    return replace(prepared, words=replace(prepared.words, required="", excluded=""))


def phrases_of(parsed: ParsedQuery) -> str:
    return " ".join(f'"{phrase}"' for phrase in parsed.phrases)


def exclusions_of(parsed: ParsedQuery) -> str:
    return " ".join(f'-"{text}"' if " " in text else f"-{text}" for text in parsed.excluded)


def followed_by(first: Ranked, others: Ranked, relaxed: str) -> Ranked:
    """The first hits as they are, then the others that are not among them, with scores below theirs."""
    offset = len(first.candidates)
    known = {*first.ids, *(item_id for twins in first.collapsed.values() for item_id in twins)}
    is_new = np.array([item_id not in known for item_id in others.ids], dtype=bool)
    scores = others.scores[is_new]
    if len(first.scores) and len(scores):
        scores = scores - max(float(scores[0] - first.scores[-1]), 0.0)
    return replace(
        others,
        candidates=_joined(first.candidates, others.candidates),
        order=np.concatenate([first.order, others.order[is_new] + offset]),
        scores=np.concatenate([first.scores, scores]),
        levels=np.concatenate([first.levels, np.maximum(others.levels[is_new], first.levels.max(initial=0))]),
        identifiers={**others.identifiers, **first.identifiers},
        collapsed={**others.collapsed, **first.collapsed},
        relaxed=relaxed if is_new.any() else first.relaxed,
    )


def _joined(a: Candidates, b: Candidates) -> Candidates:
    return Candidates(
        np.concatenate([a.ids, b.ids]),
        np.concatenate([a.lexical, b.lexical]),
        np.concatenate([a.item_similarity, b.item_similarity]),
        np.concatenate([a.passage_similarity, b.passage_similarity]),
        np.concatenate([a.vectors, b.vectors]) if len(a) else b.vectors,
    )
