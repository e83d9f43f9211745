"""How relevant a hit is in itself, not only in comparison: bands, and what is behind "nothing relevant". Pure.

A hit's evidence is the logarithm of the odds that it is relevant, from how far its cosine is above that of unrelated
items, how much of the query's words it has, and how it stands out among the candidates. The weights were learnt on five
judged sets of shops and abstracts; leaving any of them out gave the others the same bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.retrieval.types import Band

Values: TypeAlias = NDArray[np.float64]  # (hits,)
Levels: TypeAlias = NDArray[np.int64]  # (hits,), places in BANDS

BANDS: Final[tuple[Band, ...]] = ("exact", "strong", "good", "possible", "weak")
EXACT, STRONG, GOOD, POSSIBLE, WEAK = range(len(BANDS))

QUANTILES = (0.95, 0.99, 0.999)
NORMAL_QUANTILES = (1.645, 2.326, 3.09)  # of a standard normal distribution, at these

CONSTANT, OF_SURPRISE, OF_WORDS, OF_SCORE, OF_DISTANCE = -3.4, 0.6, 0.82, 0.29, -0.16
LEAST = {STRONG: 0.75, GOOD: 0.40, POSSIBLE: 0.125}  # probability of being relevant
FIRST: Final = 5  # hits that tell whether there is anything
# Below, a query found nothing. The vector of letters without sense is near to names that share some.
LEAST_SIGN: Final = 1.75
LEAST_OF_LITTLE_SENSE: Final = 2.4
LEAST_OF_NO_SENSE: Final = 3.1
LITTLE: Final = 0.5  # share of the query
OF_HAVING_WORDS, OF_SENSE = 2.5, 0.5  # in that sign, beside the surprise
MOST_WORDS: Final = 0.45  # from there on a hit has about all of the words, and is relevant whatever it means
LEAST_OF_WORDS = {STRONG: 0.4, GOOD: 0.2, POSSIBLE: 1e-9}  # where words alone were asked; once each is 0.45


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """Quantiles of the cosine of a query to an item that has nothing to do with it, in one space and collection.

    The defaults hold until a collection is calibrated; they are typical of short texts and MiniLM.
    """

    q95: float = 0.30
    q99: float = 0.43
    q999: float = 0.60

    def surprise(self, similarities: Values) -> Values:
        """By how many standard deviations the similarities are above those of unrelated items."""
        deviation = (self.q999 - self.q95) / (NORMAL_QUANTILES[2] - NORMAL_QUANTILES[0])
        mean = self.q95 - NORMAL_QUANTILES[0] * deviation
        surprise: Values = (similarities - mean) / max(deviation, 1e-6)
        return surprise


def null_distribution(quantiles: Sequence[float]) -> NullDistribution:
    """From the stored quantiles, or the default where there are none."""
    return NullDistribution(*quantiles) if len(quantiles) == len(QUANTILES) else NullDistribution()


@dataclass(frozen=True, slots=True)
class Signs:
    """What there is to know of hits, in their order: all arrays are of shape (hits,)."""

    scores: Values  # that the order is by, of about two standard deviations
    words: Values  # the share of the query's words that the hit has, as BM25 weighs it, in [0, 1]
    surprise: Values | None  # None where no vector was asked
    sense: float = 1.0  # the share of the query that is no string of letters without sense


def levels_of(signs: Signs) -> Levels:
    """The band of each hit as its place in BANDS: a better one never follows a worse one."""
    if not len(signs.scores):
        return np.zeros(0, dtype=np.int64)
    if signs.surprise is None:
        return _levels(signs.words, LEAST_OF_WORDS)
    if not is_anything(signs):
        return np.full(len(signs.scores), WEAK)
    odds = (
        CONSTANT
        + OF_SURPRISE * signs.surprise
        + OF_WORDS * signs.words
        + OF_SCORE * signs.scores
        + OF_DISTANCE * (signs.scores.max() - signs.scores)
    )
    levels = _levels(1 / (1 + np.exp(-falling(odds))), LEAST)
    is_asked_for = signs.words >= MOST_WORDS
    is_asked_for[0] = True
    asked = levels[: np.flatnonzero(is_asked_for)[-1] + 1]  # what ranks before such a hit is not worse
    np.minimum(asked, POSSIBLE, out=asked)
    return levels


def is_anything(signs: Signs) -> bool:
    """Whether any of the first hits is nearer, or has more of the words, than unrelated items are by chance."""
    if signs.surprise is None:
        return bool((signs.words > 0).any())
    sign = signs.surprise[:FIRST] + OF_HAVING_WORDS * signs.words[:FIRST] + OF_SENSE * signs.sense
    little = LEAST_OF_LITTLE_SENSE if signs.sense else LEAST_OF_NO_SENSE
    return bool(sign.max(initial=0.0) >= (little if signs.sense < LITTLE else LEAST_SIGN))


def falling(values: Values) -> Values:
    """The nearest values that never rise: where they would, their mean (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values.tolist():
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [((a * m + b * n) / (m + n), m + n)]
    return np.repeat(np.array([value for value, _ in pools]), [size for _, size in pools])


def _levels(values: Values, least: dict[int, float]) -> Levels:
    levels = np.full(len(values), WEAK)
    for level in (POSSIBLE, GOOD, STRONG):
        levels[values >= least[level]] = level
    return np.asarray(np.maximum.accumulate(levels))
