"""What a collection's own pairs say without a decision: pure."""

from __future__ import annotations

from search.duplicates.calibration.estimate import (
    FEWEST_LIKELY,
    PRIOR,
    agreement_of,
    excess_of,
    expect,
    from_json,
    strangers,
)
from search.duplicates.evidence.attributes import USUAL
from search.duplicates.evidence.scorer import DEFAULT
from search.duplicates.evidence.table import NAMES, Evidence

NOTHING = Evidence(**dict.fromkeys(NAMES, 0.0))


def evidence(**values: float) -> Evidence:
    return Evidence(**{**dict.fromkeys(NAMES, 0.0), **values})


def test_what_strangers_share_weighs_nothing() -> None:
    excess, count = excess_of([evidence(attributes=0.3)] * 200)
    estimate = type(PRIOR)({}, excess, count)
    corrected = estimate.applied_to(DEFAULT)
    assert corrected.log_odds(evidence(attributes=0.3)) < DEFAULT.log_odds(evidence(attributes=0.3)) - 1
    assert abs(corrected.log_odds(evidence(attributes=1.0)) - DEFAULT.log_odds(evidence(attributes=1.0))) < 0.01


def test_too_few_strangers_leave_the_prior() -> None:
    assert excess_of([evidence(attributes=0.9)] * 20) == ({}, 20)


def test_an_attribute_that_the_same_things_share_is_told_from_one_that_differs() -> None:
    seen = [("phone", 1.0, 4.0)] * 100 + [("kitchen", float(n % 2), 4.0) for n in range(100)]
    shares, _ = agreement_of(seen)
    assert shares["phone"] > 0.95
    assert 0.45 < shares["kitchen"] < USUAL


def test_few_likely_pairs_leave_the_prior_of_an_attribute() -> None:
    assert agreement_of([("phone", 1.0, 9.0)] * (int(FEWEST_LIKELY) - 1))[0] == {}


def test_strangers_are_the_same_for_the_same_items_and_no_candidates() -> None:
    known = {(0, 1): 0.0}
    drawn = strangers(50, lambda pair: True, known)
    assert drawn == strangers(50, lambda pair: True, known)
    assert len(drawn) == len(set(drawn)) and (0, 1) not in drawn


def test_what_is_expected_has_bounds_that_narrow_with_certainty() -> None:
    sure, doubtful = expect([6.0] * 200), expect([0.5] * 200)
    assert sure.flagged == 200 and sure.precision > 0.99
    assert doubtful.low < doubtful.precision < doubtful.high
    assert doubtful.high - doubtful.low > sure.high - sure.low
    assert expect([]).flagged == 0


def test_an_estimate_is_kept_and_read_back() -> None:
    estimate = type(PRIOR)({"phone": 0.9}, {"meaning": 0.1}, 2_000, 40.0)
    assert from_json(estimate.as_json()) == estimate
    assert from_json({}) == PRIOR
