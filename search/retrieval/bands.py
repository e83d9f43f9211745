"""How relevant a hit is in itself, not only in comparison: bands, and the cut-off behind "nothing relevant". Pure."""

from __future__ import annotations

from dataclasses import dataclass

from search.retrieval.types import Band


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """Cosine similarity of texts that have nothing to do with each other, in one space and collection."""

    mean: float = 0.08
    deviation: float = 0.09

    def z(self, similarity: float) -> float:
        return (similarity - self.mean) / max(self.deviation, 1e-6)


# In deviations above the similarity of unrelated texts.
STRONG_Z, GOOD_Z, POSSIBLE_Z = 6.0, 4.5, 3.0
# Share of the query's words, weighted by IDF, that the item has.
STRONG_COVERAGE, GOOD_COVERAGE, POSSIBLE_COVERAGE = 0.9, 0.6, 0.35
MIN_Z_WITH_WORDS = 1.0  # words alone do not make a hit that means something else entirely


def band_of(similarity: float | None, coverage: float, null: NullDistribution) -> Band:
    """The band of a hit; "weak" where nothing says that it is relevant.

    `similarity` is the cosine to the best passage, None where no vector was asked; `coverage` is in [0, 1].
    """
    z = null.z(similarity) if similarity is not None else None
    levels: tuple[tuple[Band, float, float], ...] = (
        ("strong", STRONG_Z, STRONG_COVERAGE),
        ("good", GOOD_Z, GOOD_COVERAGE),
        ("possible", POSSIBLE_Z, POSSIBLE_COVERAGE),
    )
    for band, z_wanted, coverage_wanted in levels:
        if z is not None and z >= z_wanted:
            return band
        if coverage >= coverage_wanted and (z is None or z >= MIN_Z_WITH_WORDS):
            return band
    return "weak"
