"""What a load saw becomes figures that hide neither refusals nor losses."""

from __future__ import annotations

from benchmarks.load.figures import Seen, percentiles, seconds_until_as_before, share, told


def seen(at: float, status: int = 200, milliseconds: float = 10.0, *, says_when: bool = False) -> Seen:
    return Seen(at, "search", status, milliseconds, says_when)


def test_refusals_that_say_when_are_shed_and_others_are_errors() -> None:
    crowd = [seen(0), seen(0), seen(0, 503, says_when=True), seen(0, 503), seen(0, 0), seen(0, 500)]
    figures = told(crowd)
    assert figures["answered"] == round(2 / 6, 4)
    assert figures["shed_with_retry_after"] == round(1 / 6, 4)
    assert figures["errors"] == {"search: 503": 1, "search: 0": 1, "search: 500": 1}


def test_only_what_was_answered_has_a_latency() -> None:
    assert percentiles([*(seen(0, milliseconds=20) for _ in range(9)), seen(0, 503, 9_000)]) == (20.0, 20.0, 20.0)
    assert percentiles([seen(0, 503)]) == (0.0, 0.0, 0.0)


def test_shares_of_nothing_are_nothing() -> None:
    assert share([]) == 0.0


def test_how_long_it_takes_until_all_is_as_before() -> None:
    usual = [seen(at / 10) for at in range(300)]
    assert seconds_until_as_before(usual, 30) == 0
    assert seconds_until_as_before([*usual, seen(2.5, milliseconds=400), seen(4.1, 503)], 30) == 5
    assert seconds_until_as_before([*usual, seen(20.0, milliseconds=400)], 30) == 0
