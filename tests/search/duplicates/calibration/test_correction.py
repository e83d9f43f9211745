"""What decisions may change: they are on pairs that were offered, and say nothing of the many that were unlikely."""

from __future__ import annotations

import random
from dataclasses import replace

from search.duplicates.calibration.correction import Labelled, best_threshold, calibrate
from search.duplicates.evidence.scorer import DEFAULT
from search.duplicates.evidence.table import NAMES, Evidence

NOTHING = Evidence(**dict.fromkeys(NAMES, 0.0))


def alike(share: float) -> Evidence:
    values = dict.fromkeys(("meaning", "title_words", "title_letters", "title_contained", "words"), share)
    return replace(NOTHING, **values, words_contained=share, rarest_word=share)


def decided(generator: random.Random, likely: float) -> list[Labelled]:
    """A hundred pairs that the scorer takes for the same, of which so many are, whatever their evidence."""
    evidence = [alike(generator.uniform(0.7, 1.0)) for _ in range(100)]
    return [Labelled(one, DEFAULT.log_odds(one), generator.random() < likely) for one in evidence]


def test_decisions_that_contradict_the_scorer_flag_no_pair_that_it_found_unlikely() -> None:
    for seed in range(20):
        labels = decided(random.Random(seed), likely=0.6)
        correction = calibrate(labels)
        assert correction is not None
        scorer = correction.applied_to(DEFAULT)
        threshold = best_threshold([scorer.log_odds(one.evidence) for one in labels], labels)
        unlikely = [alike(share / 20) for share in range(8)]
        assert all(scorer.log_odds(one) < threshold.low for one in unlikely)


def test_decisions_that_agree_with_the_scorer_flag_what_it_flagged() -> None:
    evidence = [alike(n / 100) for n in range(101)]
    labels = [Labelled(one, DEFAULT.log_odds(one), DEFAULT.log_odds(one) > 0) for one in evidence]
    correction = calibrate(labels)
    assert correction is not None
    scorer = correction.applied_to(DEFAULT)
    threshold = best_threshold([scorer.log_odds(one) for one in evidence], labels).log_odds
    assert [scorer.log_odds(one) > threshold for one in evidence] == [one.is_duplicate for one in labels]


def test_too_few_of_either_kind_teach_nothing() -> None:
    assert calibrate(decided(random.Random(1), likely=1.0)) is None
