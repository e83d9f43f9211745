"""Items with many likely partners are compared with what comes after these, too."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from search.duplicates.candidates import crowds
from search.duplicates.candidates.generation import Sides
from search.duplicates.reading.words import WordStatistics

FREE = Sides(None, None)
CROWD = range(12)  # copies of one text
OUTSIDER, STRANGER = 12, 13  # one shares a word with the copies, the other nothing
WORDS = [["harbour", "crane", "smith", f"copy{number}"] for number in CROWD] + [["smith", "ferry"], ["lamp", "ferry"]]
FILLERS = [["lamp", f"filler{number}"] for number in range(200)]
LIKELY = dict.fromkeys(combinations(CROWD, 2), 3.0)


def around(own: dict[tuple[int, int], float], sides: Sides = FREE) -> set[tuple[int, int]]:
    words = WORDS + FILLERS
    statistics = WordStatistics(len(words), Counter(word for one in words for word in one))
    found = crowds.around_crowds(own, crowds.table_of(words, statistics), sides)
    return {(left, right) for left, right in found.tolist()}


def test_a_crowded_item_is_compared_with_those_that_share_words_beyond_the_crowd() -> None:
    found = around(LIKELY)
    assert {(item, OUTSIDER) for item in CROWD} <= found
    assert not any(STRANGER in pair for pair in found)


def test_without_a_crowd_nothing_is_added() -> None:
    assert around({}) == set()
    assert around({(0, 1): 3.0, (2, 3): -9.0}) == set()
    assert around(dict.fromkeys(LIKELY, -3.0)) == set()


def test_the_policy_holds() -> None:
    block = np.zeros(len(WORDS + FILLERS), dtype=np.int64)
    block[OUTSIDER] = 1
    assert not any(OUTSIDER in pair for pair in around(LIKELY, Sides(None, block)))


def test_what_is_added_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    more = [["smith", f"other{number}"] for number in range(30)]
    monkeypatch.setattr(sys.modules[__name__], "FILLERS", FILLERS + more)
    items = len(WORDS + FILLERS)
    assert len(around(LIKELY) - LIKELY.keys()) == len(CROWD) * (1 + len(more)) > items
    monkeypatch.setattr(crowds, "MOST_PAIRS", 0)  # as many as there are items, then
    assert len(CROWD) < len(around(LIKELY) - LIKELY.keys()) <= items
