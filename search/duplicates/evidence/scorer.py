"""Evidence to a score in [0, 1]: a sum of contributions in log-odds, each of which can be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from search.duplicates.evidence.terms import Evidence

FLAG, SUGGEST = 0.5, 0.12  # default thresholds on the score


@dataclass(frozen=True, slots=True)
class Term:
    """One line of an explanation; `contribution` is in log-odds, below 0 when it speaks against."""

    name: str
    value: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Scorer:
    """Weights of the terms in log-odds, and the intercept."""

    weights: Mapping[str, float]
    intercept: float

    def log_odds(self, evidence: Evidence) -> float:
        """What the items' own texts and attributes say, before looking at other pairs."""
        total = self.intercept
        for name, weight in self.weights.items():
            total += weight * getattr(evidence, name)
        return total


# Fitted on two shops, two bibliographies, citations and a mixed catalog together: see docs/duplicates.md.
DEFAULT = Scorer(
    weights={
        "meaning": 1.5,
        "title_words": 1.6,
        "title_letters": 1.3,
        "title_contained": 1.1,
        "words": 2.9,
        "words_contained": 1.8,
        "rarest_word": 1.3,
        "code": 4.9,
        "code_conflict": -1.9,
        "quantities": 5.6,
        "quantity_conflict": -2.95,
        "title_number_conflict": -1.2,
        "colour_conflict": -6.7,
        "kind_conflict": -1.95,
        "attributes": 6.0,
        "attribute_conflict": -2.3,
        "price_gap": -4.0,
        "sibling_codes": -1.8,
        "name_conflict": -14.0,
        "twin": -3.0,
        "template": -3.6,
        "substitution": -3.3,
        "variant": -2.5,
        "same_text": 2.6,
        "same_identifier": 6.0,
    },
    intercept=-6.3,
)


def explain(evidence: Evidence, scorer: Scorer) -> list[Term]:
    """The terms that count, the weightiest first."""
    values = asdict(evidence)
    terms = [Term(name, values[name], weight * values[name]) for name, weight in scorer.weights.items()]
    return sorted((term for term in terms if term.contribution), key=lambda term: -abs(term.contribution))


def to_score(total: float) -> float:
    """Log-odds to a score in [0, 1]."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, total))))


def to_log_odds(score: float) -> float:
    """The inverse of `to_score`, which has no value beyond 40 either."""
    if score <= 0 or score >= 1:
        return math.copysign(40.0, score - 0.5)
    return math.log(score / (1 - score))
