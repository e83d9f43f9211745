"""How relevant a hit is in itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.bands import NullDistribution, band_of, null_distribution

NULL = NullDistribution(0.3, 0.4, 0.6)
STRENGTH = ["weak", "possible", "good", "strong"]


@pytest.mark.parametrize(
    ("similarity", "coverage", "is_known", "band"),
    [
        (0.7, 0.0, False, "strong"),
        (0.5, 0.6, True, "strong"),
        (0.5, 0.0, True, "good"),
        (0.35, 0.6, True, "good"),
        (0.35, 0.0, True, "possible"),
        (0.1, 0.6, True, "possible"),
        (0.35, 0.0, False, "weak"),
        (0.1, 0.4, True, "weak"),
        (None, 1.0, True, "strong"),
        (None, 0.5, True, "good"),
        (None, 0.1, True, "possible"),
        (None, 0.0, True, "weak"),
    ],
)
def test_similarity_and_covered_words_make_the_band(
    similarity: float | None, coverage: float, is_known: bool, band: str
) -> None:
    assert band_of(similarity, coverage, NULL, is_any_word_known=is_known) == band


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_more_similarity_and_more_covered_words_never_weaken_a_band(
    a: float, b: float, c: float, d: float, is_known: bool
) -> None:
    low, high = sorted((a, b))
    few, many = sorted((c, d))
    weaker = band_of(low, few, NULL, is_any_word_known=is_known)
    stronger = band_of(high, many, NULL, is_any_word_known=is_known)
    assert STRENGTH.index(weaker) <= STRENGTH.index(stronger)


def test_the_defaults_hold_until_a_collection_is_calibrated() -> None:
    assert null_distribution(()) == NullDistribution()
    assert null_distribution((0.2, 0.3, 0.5)) == NullDistribution(0.2, 0.3, 0.5)
