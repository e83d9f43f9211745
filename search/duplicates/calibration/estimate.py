"""What a collection's own pairs say without anybody's decision: what agreement is worth in it, and what to expect.

Unrelated pairs, drawn at random, show how high each term is between strangers (Fellegi and Sunter's u): so much of
it says nothing. Pairs that are likely the same show how often the same things agree in each attribute (m), held to a
prior.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from search.duplicates.evidence.attributes import USUAL
from search.duplicates.evidence.scorer import Scorer, to_score
from search.duplicates.evidence.structure import Pair
from search.duplicates.evidence.table import NAMES, TERMS, Evidence, values_of

STRANGERS = 2_000  # unrelated pairs that are drawn: the mean of a term is then known to 0.01
FEWEST_STRANGERS = 100
HELD = 5.0  # pairs that the prior on an attribute counts as
LIKELY = 1.5  # log-odds, without the attribute in question, from which a pair shows what the same things agree in
FEWEST_LIKELY = 12.0  # likely pairs with the attribute below which the prior alone decides
USUAL_EXCESS = {
    "meaning": 0.25,
    "title_letters": 0.35,
    "rarest_word": 0.35,
}  # between strangers of any catalog: letters and topics recur
EVERYWHERE = 0.1  # of any other term
MOST_EXCESS = 0.6  # more is not taken off: the catalog is of one kind, but its items differ
UNSURE = 0.7  # log-odds by which scores of an unreviewed collection may be off as a whole (one standard deviation)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was learnt of a collection; `strangers` and `likely` say from how many pairs. Too few leave the prior."""

    agreement: Mapping[str, float] = field(default_factory=dict)
    excess: Mapping[str, float] = field(default_factory=dict)
    strangers: int = 0
    likely: float = 0.0

    def applied_to(self, scorer: Scorer) -> Scorer:
        """The scorer for which what strangers share weighs nothing."""
        weights, intercept = dict(scorer.weights), scorer.intercept
        for name, excess in self.excess.items():
            weight = weights.get(name, 0.0) / (1 - excess)
            weights[name], intercept = weight, intercept - weight * excess
        return Scorer(weights, intercept)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


PRIOR = Estimate()


def from_json(stored: Mapping[str, Any]) -> Estimate:
    return Estimate(**stored) if stored else PRIOR


def excess_of(drawn: Iterable[Evidence]) -> tuple[dict[str, float], int]:
    """By how much strangers agree more than in any catalog, by term that speaks for the same; and their number."""
    table = np.array([values_of(evidence) for evidence in drawn], dtype=np.float64).reshape(-1, len(NAMES))
    if len(table) < FEWEST_STRANGERS:
        return {}, len(table)
    means = dict(zip(NAMES, table.mean(axis=0).tolist(), strict=True))
    usual = {term.name: USUAL_EXCESS.get(term.name, EVERYWHERE) for term in TERMS if term.weight > 0}
    found = {name: min(means[name] - least, MOST_EXCESS) for name, least in usual.items() if means[name] > least}
    return {name: round(excess, 4) for name, excess in found.items()}, len(table)


def agreement_of(seen: Iterable[tuple[str, float, float]]) -> tuple[dict[str, float], float]:
    """The share of the same things that agree in each attribute, held to the prior; and from how many pairs.

    What was `seen`: an attribute, how alike a pair is in it, and the log-odds of the pair without that attribute, or
    it would confirm itself.
    """
    agreed: dict[str, float] = defaultdict(float)
    weights: dict[str, float] = defaultdict(float)
    for name, likeness, total in seen:
        if total >= LIKELY:
            score = to_score(total)
            agreed[name] += score * (likeness > 0)
            weights[name] += score
    known = {name: weight for name, weight in weights.items() if weight >= FEWEST_LIKELY}
    shares = {name: round((agreed[name] + HELD * USUAL) / (weight + HELD), 4) for name, weight in known.items()}
    return shares, round(max(weights.values(), default=0.0), 1)


def strangers(items: int, may_pair: Callable[[Pair], bool], known: Mapping[Pair, float]) -> list[Pair]:
    """Pairs drawn at random that are no candidates; the same for the same items."""
    generator = random.Random(items)
    drawn: dict[Pair, None] = {}
    for _ in range(3 * STRANGERS if items > 2 else 0):
        one, other = generator.randrange(items), generator.randrange(items)
        pair = (min(one, other), max(one, other))
        if one != other and pair not in known and may_pair(pair):
            drawn[pair] = None
        if len(drawn) == STRANGERS:
            break
    return list(drawn)


@dataclass(frozen=True, slots=True)
class Expectation:
    """How many of the flagged pairs are the same, by their scores, and between which bounds with 95 % likelihood."""

    flagged: int
    precision: float
    low: float
    high: float


NOTHING = Expectation(0, 0.0, 0.0, 0.0)


def expect(totals: Iterable[float]) -> Expectation:
    """Of the flagged pairs' log-odds. Scores may be off together, which counts beside chance."""
    found = np.array(list(totals), dtype=np.float64)
    if not len(found):
        return NOTHING
    chances = _chances(found)
    middle = float(chances.mean())
    chance = 1.96 * math.sqrt(float((chances * (1 - chances)).sum())) / len(found)
    low, high = (float(_chances(found + shift).mean()) for shift in (-1.96 * UNSURE, 1.96 * UNSURE))
    down, up = math.hypot(middle - low, chance), math.hypot(high - middle, chance)
    return Expectation(len(found), round(middle, 4), round(max(middle - down, 0.0), 4), round(min(middle + up, 1.0), 4))


def _chances(totals: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    result: np.ndarray[Any, np.dtype[np.float64]] = 1 / (1 + np.exp(-np.clip(totals, -40, 40)))
    return result
