"""What other pairs say, and how groups are cut: pure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search.duplicates.evidence.structure import partners, two_steps, with_rivals, with_support, without_outvoted
from search.duplicates.review.clustering import groups

PAIRS = st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] < pair[1])
SCORES = st.dictionaries(PAIRS, st.floats(0, 1), max_size=30)


def source(item: int) -> int:
    return item % 2


def test_only_the_best_pair_of_both_items_is_strengthened() -> None:
    settled = with_rivals({(0, 1): 2.0, (0, 3): 1.0, (2, 3): 1.5}, source, lambda item: True)
    assert settled[(0, 1)] > 2.0
    assert settled[(0, 3)] < 0
    assert settled[(2, 3)] > 1.5


def test_a_pair_with_another_source_is_no_rival() -> None:
    by_three = {0: "a", 1: "b", 2: "c"}
    settled = with_rivals({(0, 1): 2.0, (0, 2): 1.0}, by_three.__getitem__, lambda item: True)
    assert settled[(0, 2)] > 1.0


def test_sources_that_repeat_things_have_no_rivals() -> None:
    scores = {(0, 1): 2.0, (0, 3): 1.0}
    assert with_rivals(scores, source, lambda item: False) == scores


def test_items_with_the_same_partners_support_each_other() -> None:
    scores = {(0, 2): 1.0, (1, 2): 1.0, (0, 3): 1.0, (1, 3): 1.0, (0, 1): -0.5}
    assert with_support(scores, partners(scores, 0.0))[(0, 1)] > 0


def test_partners_of_one_item_become_candidates_up_to_a_limit() -> None:
    assert two_steps({5: {1, 2, 3}}, most=100) == {(1, 2), (1, 3), (2, 3)}
    crowd = {item: set(range(50)) for item in range(50, 100)}
    assert len(two_steps(crowd, most=10)) <= 50 * 49 / 2


def test_a_chain_does_not_swallow_what_is_far_apart() -> None:
    found = groups({(0, 1): 0.9, (1, 2): 0.8, (2, 3): 0.7, (3, 4): 0.6})
    assert all(len(group) <= 3 for group in found)


def test_not_the_same_binds_groups() -> None:
    assert groups({(0, 1): 0.9, (1, 2): 0.8}, apart={(0, 2)}) == [[0, 1]]


@given(SCORES, st.sets(PAIRS, max_size=10))
def test_groups_are_disjoint_never_of_one_and_never_hold_a_pair_that_was_kept_apart(
    scores: dict[tuple[int, int], float], apart: set[tuple[int, int]]
) -> None:
    found = groups(scores, apart)
    members = [item for group in found for item in group]
    assert len(members) == len(set(members))
    assert all(len(group) > 1 for group in found)
    for group in found:
        assert not any(one in group and other in group for one, other in apart)


def test_the_weaker_of_two_pairs_loses_when_its_ends_differ() -> None:
    own = {(0, 1): 5.0, (0, 2): 1.0, (1, 2): -4.0}
    settled = without_outvoted(own, own)
    assert settled[(0, 1)] == 5.0
    assert settled[(0, 2)] < 0


def test_a_pair_stays_where_as_many_better_partners_say_that_it_is_the_same() -> None:
    own = {(0, 1): 5.0, (0, 2): 1.0, (1, 2): -4.0, (0, 3): 5.0, (2, 3): 5.0, (1, 3): 5.0}
    assert without_outvoted(own, own)[(0, 2)] == 1.0


@given(SCORES)
def test_nobody_is_outvoted_by_what_was_not_compared(scores: dict[tuple[int, int], float]) -> None:
    assert without_outvoted(scores, scores) == scores
