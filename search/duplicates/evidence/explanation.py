"""Evidence in the words of a curator."""

from __future__ import annotations

from typing import Any

from search.duplicates.evidence.scorer import Scorer, explain
from search.duplicates.evidence.table import TERMS, Evidence

OTHER_PAIRS, OTHER_PAIRS_LABEL = "other_pairs", "What the other pairs of these items say"
LABELS = {term.name: term.label for term in TERMS} | {OTHER_PAIRS: OTHER_PAIRS_LABEL}
SHOWN_LOG_ODDS = 0.05  # log-odds below which a term is not worth showing


def describe(evidence: Evidence, scorer: Scorer, other_pairs: float = 0.0) -> list[dict[str, Any]]:
    """The terms that count, the weightiest first; contributions are log-odds, below 0 against a duplicate.

    `other_pairs` is what structure added to the items' own log-odds.
    """
    terms = [
        {
            "name": term.name,
            "label": LABELS[term.name],
            "value": round(term.value, 3),
            "contribution": round(term.contribution, 2),
        }
        for term in explain(evidence, scorer)
    ]
    if other_pairs:
        name, said = OTHER_PAIRS, round(other_pairs, 2)
        terms.append({"name": name, "label": LABELS[name], "value": said, "contribution": said})
    shown = [term for term in terms if abs(float(str(term["contribution"]))) >= SHOWN_LOG_ODDS]
    return sorted(shown, key=lambda term: -abs(float(str(term["contribution"]))))
