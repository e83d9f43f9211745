"""How relevant a hit is in itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.answer.bands import NullDistribution, band_of, null_distribution

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


@pytest.mark.parametrize(
    ("similarity", "sense", "band"),
    [
        (0.7, 0.0, "possible"),
        (0.5, 0.0, "weak"),
        (0.7, 0.4, "good"),
        (0.5, 0.4, "possible"),
        (0.35, 0.4, "weak"),
        (0.5, 0.6, "good"),
    ],
)
def test_the_vector_of_letters_without_sense_proves_little(similarity: float, sense: float, band: str) -> None:
    assert band_of(similarity, 0.0, NULL, is_any_word_known=True, sense=sense) == band


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_more_similarity_and_more_covered_words_never_weaken_a_band(
    a: float, b: float, c: float, d: float, is_known: bool
) -> None:
    low, high = sorted((a, b))
    few, many = sorted((c, d))
    for sense in (0.0, 0.4, 1.0):
        weaker = band_of(low, min(few, sense), NULL, is_any_word_known=is_known, sense=sense)
        stronger = band_of(high, min(many, sense), NULL, is_any_word_known=is_known, sense=sense)
        assert STRENGTH.index(weaker) <= STRENGTH.index(stronger)


def test_the_defaults_hold_until_a_collection_is_calibrated() -> None:
    assert null_distribution(()) == NullDistribution()
    assert null_distribution((0.2, 0.3, 0.5)) == NullDistribution(0.2, 0.3, 0.5)
