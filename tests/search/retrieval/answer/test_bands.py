"""How relevant a hit is in itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.answer.bands import (
    BANDS,
    NullDistribution,
    Signs,
    falling,
    is_anything,
    levels_of,
    null_distribution,
)

HITS = st.lists(st.tuples(st.floats(-5, 15), st.floats(0, 1), st.floats(-2, 6)), min_size=1, max_size=30)


def signs(*hits: tuple[float, float, float], sense: float = 1.0) -> Signs:
    """Of (score, words, surprise)."""
    scores, words, surprise = np.array(hits, dtype=np.float64).T
    return Signs(scores, words, surprise, sense)


def bands(found: Signs) -> list[str]:
    return [BANDS[level] for level in levels_of(found)]


def test_what_stands_out_is_near_and_has_the_words_is_strong_and_what_does_not_is_weak() -> None:
    assert bands(signs((9, 0.7, 4.5), (6, 0.4, 3.5), (0, 0.1, 1.0), (-1, 0, 0.2))) == ["strong", "good", "weak", "weak"]


@given(HITS, st.floats(0, 1))
def test_a_better_band_never_follows_a_worse_one(hits: list[tuple[float, float, float]], sense: float) -> None:
    levels = levels_of(signs(*hits, sense=sense)).tolist()
    assert levels == sorted(levels) and len(levels) == len(hits)


@given(HITS)
def test_the_first_hit_is_weak_exactly_where_there_is_nothing(hits: list[tuple[float, float, float]]) -> None:
    found = signs(*sorted(hits, reverse=True))
    assert (bands(found)[0] == "weak") == (not is_anything(found))


@pytest.mark.parametrize(
    ("words", "surprise", "sense", "is_something"),
    [
        (0.0, 1.2, 1.0, False),  # words of the language, nearer than unrelated items by little
        (0.0, 1.4, 1.0, True),
        (0.0, 1.6, 0.0, False),  # letters without sense are near to something by chance
        (0.4, 0.9, 1.0, True),
        (0.0, 3.0, 0.0, False),
        (0.0, 3.2, 0.0, True),
        (0.0, 2.0, 0.3, False),
        (0.0, 2.3, 0.3, True),
    ],
)
def test_nearness_words_and_sense_tell_whether_there_is_anything(
    words: float, surprise: float, sense: float, is_something: bool
) -> None:
    assert is_anything(signs((5, words, surprise), sense=sense)) == is_something


def test_words_alone_make_bands_where_no_vector_was_asked() -> None:
    found = Signs(np.array([5.0, 4, 3, 2]), np.array([0.5, 0.3, 0.1, 0.0]), None)
    assert bands(found) == ["strong", "good", "possible", "weak"]
    assert bands(Signs(np.zeros(0), np.zeros(0), None)) == []


@given(st.lists(st.floats(-100, 100), max_size=20))
def test_falling_values_keep_their_mean_and_what_falls_already(values: list[float]) -> None:
    found = falling(np.array(values, dtype=np.float64))
    assert np.all(np.diff(found) <= 1e-9)
    assert found.sum() == pytest.approx(sum(values), abs=1e-6)
    descending = np.array(sorted(values, reverse=True), dtype=np.float64)
    assert falling(descending) == pytest.approx(descending)


def test_surprise_is_measured_in_the_deviations_of_unrelated_items() -> None:
    null = NullDistribution(0.2, 0.3, 0.4)
    assert null.surprise(np.array([0.2, 0.4])) == pytest.approx([1.645, 3.09])


def test_the_defaults_hold_until_a_collection_is_calibrated() -> None:
    assert null_distribution(()) == NullDistribution()
    assert null_distribution((0.2, 0.3, 0.5)) == NullDistribution(0.2, 0.3, 0.5)
