"""How relevant a hit is in itself, not only in comparison: bands, and what is behind "nothing relevant". Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from search.retrieval.types import Band

HALF_COVERED = 0.5  # share of the query's words, weighted by IDF, that the item has
QUANTILES = (0.95, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """Quantiles of the cosine of a query to an item that has nothing to do with it, in one space and collection.

    The defaults hold until a collection is calibrated; they are typical of short texts and MiniLM.
    """

    q95: float = 0.30
    q99: float = 0.43
    q999: float = 0.60


def null_distribution(quantiles: Sequence[float]) -> NullDistribution:
    """From the stored quantiles, or the default where there are none."""
    return NullDistribution(*quantiles) if len(quantiles) == len(QUANTILES) else NullDistribution()


def band_of(
    similarity: float | None, coverage: float, null: NullDistribution, *, is_any_word_known: bool, sense: float = 1.0
) -> Band:
    """The band of a hit; "weak" where nothing says that it is relevant.

    `similarity` is the cosine to the best passage, None where no vector was asked. `sense` is the share of the query
    that is no string of letters without sense to the items and to the model; it is in [0, 1], like `coverage`.
    """
    is_covered = coverage >= HALF_COVERED
    if similarity is None:
        return _band_by_words(coverage)
    if sense < HALF_COVERED:
        return _band_without_sense(similarity, null, is_all_senseless=sense == 0)
    if similarity >= null.q999 or (similarity >= null.q99 and is_covered):
        return "strong"
    if similarity >= null.q99 or (similarity >= null.q95 and is_covered):
        return "good"
    if (similarity >= null.q95 or is_covered) and is_any_word_known:
        return "possible"
    return "weak"


def _band_without_sense(similarity: float, null: NullDistribution, *, is_all_senseless: bool) -> Band:
    """A model makes a vector of any letters, which is near to names that share some: that proves little."""
    if similarity >= null.q999:
        return "possible" if is_all_senseless else "good"
    return "possible" if similarity >= null.q99 and not is_all_senseless else "weak"


def _band_by_words(coverage: float) -> Band:
    if coverage >= 0.9:
        return "strong"
    return "good" if coverage >= HALF_COVERED else "possible" if coverage > 0 else "weak"
