"""Figures of ranked lists, against figures worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation import metrics

GRADES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), max_size=8)
RANKED = st.permutations("abcdefgh")


def test_ndcg_has_linear_gain_and_a_log2_discount() -> None:
    grades = {"a": 3, "b": 2, "c": 0}
    # gain 2/1 + 3/log2(3) = 3.8928; ideal 3/1 + 2/log2(3) = 4.2619
    assert metrics.ndcg(["b", "a", "c"], grades) == pytest.approx(3.8927893 / 4.2618595, abs=1e-6)


def test_what_stands_below_k_does_not_count() -> None:
    assert metrics.ndcg(["x"] * 10 + ["a"], {"a": 1}) == 0
    assert metrics.ndcg(["x"] * 9 + ["a"], {"a": 1}) == pytest.approx(1 / math.log2(11))


def test_the_ideal_has_at_most_k_places() -> None:
    grades = {str(n): 1 for n in range(20)}
    assert metrics.ndcg([str(n) for n in range(10)], grades) == pytest.approx(1)


def test_recall_is_the_share_of_relevant_items_found() -> None:
    assert metrics.recall(["a", "x", "b"], {"a": 1, "b": 2, "c": 3, "d": 0}) == pytest.approx(2 / 3)
    assert metrics.recall(["x", "a"], {"a": 1}, k=1) == 0


def test_reciprocal_rank_is_that_of_the_first_relevant_item() -> None:
    assert metrics.reciprocal_rank(["x", "y", "a", "b"], {"a": 1, "b": 3}) == pytest.approx(1 / 3)
    assert metrics.reciprocal_rank(["x"] * 10 + ["a"], {"a": 1}) == 0


def test_nothing_relevant_or_nothing_found_is_zero() -> None:
    for figure in (metrics.ndcg, metrics.recall, metrics.reciprocal_rank):
        assert figure([], {"a": 1}) == figure(["a"], {}) == figure(["a"], {"a": 0}) == 0


@given(RANKED, GRADES)
def test_every_figure_is_a_share(ranked: list[str], grades: dict[str, int]) -> None:
    for figure in (metrics.ndcg, metrics.recall, metrics.reciprocal_rank):
        assert 0 <= figure(ranked, grades) <= 1 + 1e-9


@given(RANKED, GRADES)
def test_no_order_is_better_than_that_of_the_grades(ranked: list[str], grades: dict[str, int]) -> None:
    best = sorted(ranked, key=lambda item: -grades.get(item, 0))
    assert metrics.ndcg(ranked, grades) <= metrics.ndcg(best, grades) + 1e-9


def test_the_interval_of_equal_values_has_no_width() -> None:
    assert metrics.bootstrap_interval([0.5] * 10) == (0.5, 0.5)
    assert metrics.bootstrap_interval([]) == (0.0, 0.0)


def test_the_interval_holds_the_mean_is_repeatable_and_near_the_normal_one() -> None:
    values = [0.0, 1.0] * 50
    low, high = metrics.bootstrap_interval(values)
    assert (low, high) == metrics.bootstrap_interval(values)
    # mean 0.5, standard error 0.05: 0.402 to 0.598
    assert low == pytest.approx(0.402, abs=0.02) and high == pytest.approx(0.598, abs=0.02)


def test_pair_figures_by_hand() -> None:
    found = {("a", "b"), ("a", "c"), ("b", "c"), ("d", "e")}
    figures = metrics.pair_figures(found, {("a", "b"), ("d", "e"), ("f", "g")})
    assert (figures.precision, figures.pairs) == (0.5, 4)
    assert figures.recall == pytest.approx(2 / 3)
    assert figures.f1 == pytest.approx(4 / 7)
    assert metrics.pair_figures(set(), {("a", "b")}) == metrics.PairFigures(0, 0, 0, 0)


def test_a_difference_that_every_query_shows_is_no_chance() -> None:
    before = {f"q{n}": 0.4 + n / 100 for n in range(30)}
    better = metrics.paired_test(before, {query: gain + 0.1 for query, gain in before.items()})
    assert better.queries == 30 and better.difference == pytest.approx(0.1)
    assert better.ci95 == pytest.approx((0.1, 0.1))
    assert better.p_value < 0.001


def test_differences_that_cancel_out_are_chance() -> None:
    before = {f"q{n}": 0.5 for n in range(30)}
    test = metrics.paired_test(before, {query: 0.5 + (0.2 if n % 2 else -0.2) for n, query in enumerate(before)})
    assert test.difference == pytest.approx(0) and test.p_value > 0.9 and test.ci95[0] < 0 < test.ci95[1]


def test_only_shared_queries_are_paired() -> None:
    assert metrics.paired_test({"a": 0.5, "b": 0.1}, {"a": 0.5, "c": 0.9}).queries == 1
    assert metrics.paired_test({}, {"a": 1.0}) == metrics.PairedTest(0, 0.0, (0.0, 0.0), 1.0)
