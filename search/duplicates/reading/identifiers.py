"""Model numbers and other codes: which words of a text are codes and when two codes are the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CHUNK = re.compile(r"[^\s,;:()\[\]\"|]+")
_JOINT = re.compile(r"[^a-z0-9]+")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[a-z]")
_MEASURE = re.compile(
    r"\d+(?:[a-z]{1,2}|st|nd|rd|th|inch|watt|mhz|ghz|mah|pack|degree|bit|ohm|disc|line|way|key|port)s?"
)
_YEAR = re.compile(r"(?:19|20)\d\d[a-z]?")
SHORTEST = 4


def codes_of(text: str) -> frozenset[str]:
    """The codes in folded `text`, joints (hyphens, slashes, dots) removed: kx-tg6700b is kxtg6700b."""
    return frozenset(code for chunk in _CHUNK.findall(text) if is_code(code := _JOINT.sub("", chunk)))


def is_code(word: str) -> bool:
    """Whether `word` looks like a model number: digits, mostly with letters, not a measure and not a year."""
    if len(word) < SHORTEST or len(word) > 24 or not _DIGIT.search(word):
        return False
    if _YEAR.fullmatch(word) or _MEASURE.fullmatch(word):
        return False
    if _LETTER.search(word):
        return True
    return len(word) >= 5


def shared_prefix(left: str, right: str) -> int:
    """How many leading characters two codes share."""
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length


def likeness(left: str, right: str) -> float:
    """How far two codes are the same, in [0, 1]; a shared stem with another ending counts in part."""
    if left == right:
        return 1.0
    prefix = shared_prefix(left, right)
    if prefix < SHORTEST or not _DIGIT.search(left[:prefix]):
        return 0.0
    if left[prefix : prefix + 1].isdigit() and right[prefix : prefix + 1].isdigit():
        return 0.0
    return prefix / max(len(left), len(right))


def best_likeness(left: Iterable[str], right: Iterable[str]) -> float:
    """The greatest likeness of a code of one side and a code of the other, 0 without codes."""
    return max((likeness(one, other) for one in left for other in right), default=0.0)


def is_spelled_in(code: str, squashed: str) -> float:
    """The share of `code` whose beginning, a digit included, is written in `squashed` text."""
    for end in range(len(code), SHORTEST - 1, -1):
        if not _DIGIT.search(code[:end]):
            return 0.0
        if code[:end] in squashed:
            return end / len(code)
    return 0.0


def are_siblings(left: str, right: str) -> bool:
    """Whether two codes come from one numbering scheme, so that they name two things: a301 and a302."""
    if left == right or len(left) != len(right) or _shape(left) != _shape(right):
        return False
    prefix = shared_prefix(left, right)
    return prefix >= 3 and prefix * 2 >= len(left)


def _shape(code: str) -> str:
    return _DIGIT.sub("9", _LETTER.sub("a", code))
