"""How many texts a call of the model gets."""

from __future__ import annotations

from search.embedding.queue.pace import AIM_SECONDS, FIRST, MOST_TEXTS, Pace


def test_a_quick_model_soon_gets_as_many_as_there_may_be() -> None:
    pace = Pace()
    for _ in range(4):
        pace.took(pace.size, 0.01)
    assert pace.size == MOST_TEXTS
    pace.took(MOST_TEXTS, 0.01)
    assert pace.size == MOST_TEXTS


def test_an_endpoint_that_is_far_away_but_quick_gets_many_too() -> None:
    pace = Pace()
    for _ in range(8):
        pace.took(pace.size, 2.0 + 0.01 * pace.size)
    assert pace.size == MOST_TEXTS


def test_a_slow_model_gets_what_it_manages_in_time() -> None:
    pace = Pace()
    for seconds in (1.3, 20.0, 0.9, 0.3):
        for _ in range(8):
            pace.took(pace.size, pace.size * seconds)
        assert pace.size == 1 or AIM_SECONDS / 2 <= pace.size * seconds <= 2 * AIM_SECONDS


def test_a_call_with_few_texts_says_little_of_a_full_one() -> None:
    pace = Pace()
    pace.took(1, 0.01)
    assert pace.size == FIRST
