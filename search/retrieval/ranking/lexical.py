"""Which items the lexical leg looks at, and how it scores them, as SQL built from a query's words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from search.retrieval.query.query_words import QueryWord, QueryWords

K1, B = 1.2, 0.75  # BM25's saturation and length normalisation, at their textbook values
ATTRIBUTE_WEIGHT = 2  # a word among attribute values of normal weight counts as this many in the body
TITLE_WEIGHT = 3  # a word in the title counts as this many in the body
# Of the tsvector's weights D, C, B and A: attribute values of low and normal weight, body, title and those of high.
WEIGHTS = (0.5, ATTRIBUTE_WEIGHT, 1, TITLE_WEIGHT)
DOCUMENT_BUDGET = 500  # estimated items the candidates match, which bounds the leg's time
MAX_RARE_WORDS = 32
MAX_PAIRED_WORDS = 12
MAX_PAIRS = 16


def candidate_tsquery(query: QueryWords, budget: int = DOCUMENT_BUDGET) -> str:
    """An OR of rare words and of pairs of common ones, expected to match about `budget` items.

    Rarest first. Once a word alone would overrun, those left count in pairs only, or all together when even the
    rarest pair overruns and nothing else was taken.
    """
    if not query.words:
        return ""
    ordered = sorted(query.words, key=lambda word: (word.documents, word.lexeme))
    taken: list[str] = []
    room = float(budget)
    for word in ordered[:MAX_RARE_WORDS]:
        if word.documents > room:
            break
        taken.append(word.tsquery)
        room -= word.documents
    common = ordered[len(taken) :]
    taken += _pairs(common, query.documents, room)
    return " | ".join(taken) or " & ".join(word.tsquery for word in ordered)


def _pairs(words: Sequence[QueryWord], documents: int, room: float) -> list[str]:
    pairs = sorted(
        (estimated_pair_documents(a, b, documents), a.lexeme, b.lexeme, a, b)
        for a, b in combinations(words[:MAX_PAIRED_WORDS], 2)
    )
    taken = []
    for estimate, _, _, a, b in pairs[:MAX_PAIRS]:
        if estimate > room:
            break
        taken.append(f"({a.tsquery} & {b.tsquery})")
        room -= estimate
    return taken


def estimated_pair_documents(a: QueryWord, b: QueryWord, documents: int) -> float:
    """Between independence and containment: words asked for together occur together more than by chance."""
    rare, common = sorted((a.documents, b.documents))
    return rare * math.sqrt(common / max(documents, 1))


def lexical_score_sql(query: QueryWords, vector: str, k: str) -> tuple[str, dict[str, Any]]:
    """BM25F over the tsvector `vector` with `k` = k1 * (1 - b + b * length / average), and its parameters.

    `ts_rank_cd` of one word is the sum of the weights of its positions; with weights 1 for the title and 1/3 for
    the body, times 3, that is BM25F's weighted term frequency.
    """
    weights = "{" + ",".join(f"{weight / TITLE_WEIGHT:.6f}" for weight in WEIGHTS) + "}"
    terms: list[str] = []
    parameters: dict[str, Any] = {}
    for number, word in enumerate(query.words):
        parameters[f"word{number}"] = word.tsquery
        parameters[f"weight{number}"] = query.weight(word)
        query_word = f"%(word{number})s::tsquery"
        frequency = f"{TITLE_WEIGHT} * ts_rank_cd('{weights}', {vector}, {query_word})"
        score = f"%(weight{number})s::float8 * (1 - {k} / ({k} + {frequency}))"
        terms.append(f"CASE WHEN {vector} @@ {query_word} THEN {score} ELSE 0 END")
    return " + ".join(terms) or "0", parameters


def length_sql(query: QueryWords, vector: str) -> str:
    """BM25's `k` for the tsvector, whose length is its number of distinct words."""
    base, slope = K1 * (1 - B), K1 * B / max(query.average_length, 1.0)
    return f"{base:.8f}::float8 + {slope:.8f}::float8 * length({vector})"
