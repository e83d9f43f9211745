"""Learning from decisions: what is proposed, and what to expect of it."""

from __future__ import annotations

import random
from dataclasses import replace

from search.duplicates.calibration.correction import Labelled, Threshold, best_threshold
from search.duplicates.calibration.proposal import KnownPair, recalibrate, steadiest
from search.duplicates.calibration.weighing import stands_for
from search.duplicates.evidence.scorer import DEFAULT, FLAG, to_log_odds, to_score
from search.duplicates.evidence.table import NAMES, Evidence

NOTHING = Evidence(**dict.fromkeys(NAMES, 0.0))


def alike(words: float, price_gap: float) -> Evidence:
    values = {"meaning": 0.8, "title_words": words, "title_letters": words, "title_contained": words}
    return replace(NOTHING, **values, words=words, words_contained=words, rarest_word=0.5, price_gap=price_gap)


def shop(decided: int, undecided: int = 0, seed: int = 1) -> list[KnownPair]:
    """Pairs of a shop in which a price gap tells nothing, but words must agree well: the defaults know neither."""
    generator = random.Random(seed)
    pairs = []
    for number in range(decided + undecided):
        words, gap = generator.uniform(0.5, 1.0), generator.choice([0.0, 0.3])
        evidence = alike(words, gap)
        is_flagged = DEFAULT.log_odds(evidence) >= to_log_odds(FLAG)
        pairs.append(KnownPair(number, evidence, 0.0, words > 0.85 if number < decided else None, is_flagged))
    return pairs


def test_what_is_learnt_is_expected_to_be_better_and_is_on_unseen_pairs() -> None:
    found = recalibrate(shop(200, 100), DEFAULT, FLAG)
    assert found is not None
    assert found.expected.f1 > found.now.f1 + 0.05
    unseen = shop(500, seed=2)
    learnt = sum((to_score(found.scorer.log_odds(pair.evidence)) >= found.flag) == pair.is_same for pair in unseen)
    by_default = sum(pair.is_flagged == pair.is_same for pair in unseen)
    assert learnt > 0.85 * len(unseen) > by_default


def test_a_term_of_small_values_is_learnt_too() -> None:
    found = recalibrate(shop(200), DEFAULT, FLAG)
    assert found is not None
    assert abs(found.scorer.weights["price_gap"]) < abs(DEFAULT.weights["price_gap"]) / 2


def test_one_decision_that_stands_for_many_does_not_move_the_threshold_alone() -> None:
    totals = [float(n) for n in range(-20, 21)]
    labels = [Labelled(NOTHING, total, total > 0) for total in totals]
    labels[2] = replace(labels[2], is_duplicate=True, stands_for=300.0)
    assert -1 < best_threshold(totals, labels).log_odds < 2


def test_the_same_decisions_teach_the_same() -> None:
    assert recalibrate(shop(80, 40), DEFAULT, FLAG) == recalibrate(shop(80, 40), DEFAULT, FLAG)


def test_changes_are_those_of_undecided_pairs_only() -> None:
    pairs = shop(200, 100)
    found = recalibrate(pairs, DEFAULT, FLAG)
    assert found is not None
    undecided = {pair.pair_id: pair for pair in pairs if pair.is_same is None}
    assert found.undecided == len(undecided) == 100
    assert {one.pair_id for one in (*found.flagged, *found.unflagged, *found.dropped)} <= undecided.keys()
    assert found.unflagged
    assert all(undecided[one.pair_id].is_flagged and one.after < found.flag for one in found.unflagged)
    assert not any(undecided[one.pair_id].is_flagged for one in found.flagged)
    assert found.suggest < found.flag


def test_fewer_than_ten_of_either_kind_teach_nothing() -> None:
    pairs = [KnownPair(n, alike(0.9, 0.0), 0.0, n < 9, True) for n in range(40)]
    assert recalibrate(pairs, DEFAULT, FLAG) is None
    assert recalibrate([], DEFAULT, FLAG) is None


def test_a_decided_pair_stands_for_those_of_its_band() -> None:
    totals = {1: 0.0, 2: 1.0, 3: -1.0, 4: 5.0, 5: 6.0, 6: -20.0}
    assert stands_for(totals, [1, 4, 5]) == {1: 3.0, 4: 1.0, 5: 1.0}


def test_scores_and_log_odds_are_inverse() -> None:
    for score in (0.001, 0.12, 0.5, 0.999):
        assert abs(to_score(to_log_odds(score)) - score) < 1e-9
    assert (to_log_odds(0.0), to_log_odds(1.0)) == (-40.0, 40.0)


def test_where_decisions_leave_a_gap_the_fewest_flags_change() -> None:
    best = Threshold(log_odds=0.0, low=-4.0, high=4.0)
    totals, flags = [-5.0, -3.0, -2.0, 1.0, 3.0, 5.0], [False, False, True, True, True, True]
    assert steadiest(best, totals, flags) == -2.5
    assert steadiest(best, totals, [not flag for flag in flags]) == 3.5
    assert steadiest(best, [], []) == 0.0
    assert steadiest(replace(best, low=0.0, high=0.0), totals, flags) == 0.0


def test_decisions_on_clear_pairs_alone_change_no_flag_between_them() -> None:
    pairs = [KnownPair(n, alike(0.99 if n < 12 else 0.3, 0.0), 0.0, n < 12, n < 12) for n in range(24)]
    between = [alike(0.4 + n / 100, 0.0) for n in range(50)]
    pairs += [
        KnownPair(100 + n, evidence, 0.0, None, DEFAULT.log_odds(evidence) >= 0) for n, evidence in enumerate(between)
    ]
    found = recalibrate(pairs, DEFAULT, FLAG)
    assert found is not None
    assert (found.flagged, found.unflagged) == ([], [])
