"""From the scores of two legs to one order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.ranking import fusion

SCORES = st.lists(st.floats(-100, 100), min_size=1, max_size=30).map(np.array)


def scores(*values: float) -> fusion.Scores:
    return np.array(values, dtype=np.float64)


def test_standardised_scores_have_mean_zero_and_deviation_one() -> None:
    assert fusion.standardise(scores(1, 2, 3)).tolist() == pytest.approx([-1.224745, 0, 1.224745], abs=1e-6)


@pytest.mark.parametrize("same", [(), (5,), (5, 5, 5)])
def test_scores_that_do_not_differ_say_nothing(same: tuple[float, ...]) -> None:
    assert fusion.standardise(scores(*same)).tolist() == [0.0] * len(same)


@given(SCORES, st.floats(0.1, 50), st.floats(-50, 50))
def test_fusion_does_not_depend_on_the_scale_of_a_leg(one: fusion.Scores, factor: float, shift: float) -> None:
    if one.std() < 1e-3:
        return
    assert np.allclose(fusion.standardise(one * factor + shift), fusion.standardise(one), atol=1e-5)


def test_what_has_no_score_yet_counts_as_average() -> None:
    standardised = fusion.standardise(scores(0.2, 0, 0.6), np.array([True, False, True]))
    assert standardised.tolist() == pytest.approx([-1, 0, 1])
    assert fusion.standardise(scores(0, 0), np.array([False, False])).tolist() == [0, 0]


def test_both_legs_count_the_same() -> None:
    assert fusion.fuse(scores(0, 10), scores(0.9, 0.1)).tolist() == pytest.approx([0, 0])


def test_the_semantic_score_is_the_mean_of_item_and_best_passage() -> None:
    assert fusion.semantic_score(scores(0.2), scores(0.6)).tolist() == pytest.approx([0.4])


def test_feedback_moves_what_resembles_the_first_hits_up() -> None:
    moved = fusion.add_feedback(scores(1, 1, 1), scores(0.9, 0.5, 0.1))
    assert moved[0] > moved[1] > moved[2]


def test_ranks_count_from_one_and_equal_scores_keep_their_order() -> None:
    assert fusion.ranks(scores(0.1, 0.9, 0.9, 0.5)).tolist() == [4, 1, 2, 3]


@given(SCORES)
def test_ranks_are_a_permutation_that_follows_the_scores(one: fusion.Scores) -> None:
    ranks = fusion.ranks(one)
    assert sorted(ranks.tolist()) == list(range(1, len(one) + 1))
    assert all(one[a] >= one[b] for a in range(len(one)) for b in range(len(one)) if ranks[a] < ranks[b])


def test_reciprocal_ranks_are_summed() -> None:
    fused = fusion.fuse_reciprocal_ranks(scores(2, 1), scores(1, 2), k=60)
    assert fused.tolist() == pytest.approx([1 / 61 + 1 / 62] * 2)


def test_ties_go_to_the_smaller_id() -> None:
    order = fusion.order_of(scores(0.5, 0.7, 0.5, 0.5 + 1e-12), np.array([30, 10, 20, 5]))
    assert order.tolist() == [1, 3, 2, 0]


def test_words_without_trust_leave_the_order_to_meaning() -> None:
    fused = fusion.fuse(scores(9, 0, 0), scores(0.1, 0.5, 0.9), word_weight=0.0)
    assert fusion.order_of(fused, np.array([1, 2, 3])).tolist() == [2, 1, 0]
