"""Which item is suggested to be kept, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from search.duplicates.review.keeper import Facts, choose
from search.duplicates.review.merge_plan import ALREADY, APART, Planned, plan

THEN = datetime(2026, 1, 1, tzinfo=UTC)
PLAIN = Facts(1, True, 0, 2, 100, False, False, THEN)


@pytest.mark.parametrize(
    ("better", "reason"),
    [
        ({"incoming": 3, "attributes": 0}, "more records point at it (3 against 0)"),
        ({"attributes": 5, "text_length": 10}, "it has more attributes (5 against 2)"),
        ({"text_length": 121}, "its text says more (121 against 100)"),
        ({"has_image": True}, "only this one has a picture"),
        ({"has_url": True, "text_length": 119}, "only this one has a link"),
        ({"created_at": THEN - timedelta(days=1)}, "it is the older one"),
    ],
)
def test_the_reason_is_what_sets_it_off(better: dict[str, Any], reason: str) -> None:
    other = replace(PLAIN, item_id=2, **better)
    for items in ([PLAIN, other], [other, PLAIN]):
        choice = choose(items)
        assert (choice.item_id, choice.reason) == (2, reason)


def test_what_is_published_stays_whatever_a_draft_says() -> None:
    draft = replace(PLAIN, item_id=2, is_published=False, incoming=9, attributes=9)
    assert choose([draft, PLAIN]).item_id == 1


def test_of_two_alike_the_one_stored_first_stays() -> None:
    choice = choose([replace(PLAIN, item_id=2), PLAIN])
    assert (choice.item_id, choice.reason) == (1, "it was stored first")


def test_the_best_of_many_is_compared_with_the_second() -> None:
    items = [replace(PLAIN, item_id=n, attributes=count) for n, count in enumerate([1, 4, 7, 5])]
    choice = choose(items)
    assert (choice.item_id, choice.reason) == (2, "it has more attributes (7 against 5)")


def refusals(merges: list[tuple[int, int]], apart: set[tuple[int, int]] = frozenset()) -> list[str]:  # type: ignore[assignment]
    return [one.refusal for one in plan([Planned(n, *merge) for n, merge in enumerate(merges)], apart)]


def test_an_item_goes_into_one_other_only() -> None:
    assert refusals([(1, 2), (3, 2), (2, 4), (1, 5)]) == ["", ALREADY, ALREADY, ""]


def test_what_was_told_apart_does_not_meet_in_a_third() -> None:
    assert refusals([(1, 2), (1, 3), (1, 4)], {(2, 3)}) == ["", APART, ""]
    assert refusals([(1, 2), (3, 4), (1, 3)], {(4, 2)}) == ["", "", APART]


def test_a_refused_merge_stands_in_nobodys_way() -> None:
    planned = plan([Planned(1, 1, 2, "gone"), Planned(2, 3, 2)])
    assert [one.refusal for one in planned] == ["gone", ""]
