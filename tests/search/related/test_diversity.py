"""Maximal marginal relevance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from search.related.diversity import diversify


def unit(*degrees: float) -> NDArray[np.float32]:
    angles = np.radians(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def scores(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def test_without_diversity_the_order_is_that_of_the_scores() -> None:
    assert diversify(scores(0.2, 0.9, 0.5), unit(0, 1, 2), limit=3, diversity=0) == [1, 2, 0]


def test_with_diversity_a_near_copy_of_the_first_gives_way_to_something_else() -> None:
    assert diversify(scores(0.9, 0.89, 0.7), unit(0, 1, 80), limit=2, diversity=0.5) == [0, 2]


def test_full_diversity_takes_what_is_farthest_from_the_chosen() -> None:
    assert diversify(scores(0.9, 0.8, 0.7, 0.1), unit(0, 10, 20, 180), limit=2, diversity=1.0) == [0, 3]


@given(st.integers(1, 12), st.integers(1, 15), st.floats(0, 1))
def test_each_row_is_chosen_once_until_the_limit(rows: int, limit: int, diversity: float) -> None:
    chosen = diversify(scores(*np.linspace(1, 0, rows)), unit(*range(0, rows * 7, 7)), limit=limit, diversity=diversity)
    assert len(chosen) == len(set(chosen)) == min(rows, limit)


@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.7])
def test_the_best_is_always_first(diversity: float) -> None:
    assert diversify(scores(0.1, 0.8, 0.3), unit(0, 30, 60), limit=3, diversity=diversity)[0] == 1
