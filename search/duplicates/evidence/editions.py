"""Whether two items are parts or editions of one work, and how their lists go together."""

from __future__ import annotations

import re

from search.duplicates.reading.parts import NUMBERS, Parts

ONE_EDITION = 0.25  # an edition that only one title names
ONE_SIDED = 0.3  # a part that only one title names may have been left out of the other
_NONE: frozenset[str] = frozenset()
_DIGITS = re.compile(r"\d+")
SCHEME = 0.5  # share of the entries that are alike but for their numbers, from which two lists follow one scheme


def part_conflict(ours: Parts, theirs: Parts) -> float:
    """1 when the titles number something alike and differ in it; less when only one of them counts beyond the first."""
    kinds = (ours.keys() | theirs.keys()) - {NUMBERS}
    alone = 0.0
    for kind in kinds:
        left, right = ours.get(kind, _NONE), theirs.get(kind, _NONE)
        if left and right and not left & right:
            return 1.0
        missing = (left - theirs.get(NUMBERS, _NONE)) if not right else right - ours.get(NUMBERS, _NONE)
        if not (left and right) and missing - {"1"}:
            alone = ONE_SIDED
    return alone


def edition_conflict(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """1 when either title names an edition that the other does not, less when only one of them does."""
    if ours == theirs:
        return 0.0
    return 1.0 if ours - theirs and theirs - ours else ONE_EDITION


def compare_lists(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[float, float, float]:
    """How much of the shorter list is in the longer, how much is not, and whether one goes on where the other ends.

    Numbered entries of one scheme, as "chapter 1" to "chapter 9", say nothing where they agree: all such lists do.
    """
    if not ours or not theirs:
        return 0.0, 0.0, 0.0
    common, fewer = len(set(ours) & set(theirs)), min(len(ours), len(theirs))
    share = common / fewer
    our_schemes, their_schemes = _schemes(ours), _schemes(theirs)
    alike = sum(_DIGITS.sub("", entry) in their_schemes for entry in ours) / len(ours)
    if alike >= SCHEME and share < 1 - SCHEME and any(map(str.isdigit, "".join(ours))):
        return 0.0, 0.0, 1.0
    told = len({_DIGITS.sub("", entry) for entry in set(ours) & set(theirs)})
    known = min(len(our_schemes), len(their_schemes))
    if known <= 2:
        return 0.0, 0.0, 0.0
    return share * told / (told + 2), 1 - share, 0.0


def _schemes(entries: tuple[str, ...]) -> set[str]:
    return {_DIGITS.sub("", entry) for entry in entries}
