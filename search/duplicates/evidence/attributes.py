"""How far the attributes of two items agree, conflict and differ in amounts."""

from __future__ import annotations

from collections.abc import Mapping

from search.duplicates.reading.profile import Attribute, Profile
from search.duplicates.reading.quantities import has_unit

WORD = 3  # letters of a word in a name
OWN = 0.8  # rarity of a value from which it is a name of its item


def compare_attributes(left: Profile, right: Profile) -> tuple[float, float, float, float]:
    """Agreement and conflict over the attributes both have, as shares, the gap of plain numbers, and of names.

    To agree in a value counts as much as that value is rare.
    """
    agreed = conflict = gap = names = 0.0
    compared = 0
    for name in left.attributes.keys() & right.attributes.keys():
        ours, theirs = left.attributes[name], right.attributes[name]
        if _are_names(ours, theirs):
            names = max(names, name_conflict(ours.parts, theirs.parts))
            continue
        if ours.code and theirs.code and ours.code != theirs.code:
            continue
        compared += 1
        if ours.is_number and theirs.is_number:
            likeness, distance = _number(name, ours.numbers[0], theirs.numbers[0])
            gap = max(gap, distance)
        else:
            likeness = _text(ours, theirs)
        agreed += likeness * min(ours.rarity, theirs.rarity)
        conflict += 1 - likeness
    return agreed / (compared + 1), conflict / (compared + 1), gap, names


def _are_names(ours: Attribute, theirs: Attribute) -> bool:
    """Whether these are two structured names that hardly any other item has."""
    if ours.text == theirs.text or min(len(ours.parts), len(theirs.parts)) == 0:
        return False
    return max(len(ours.parts), len(theirs.parts)) > 1 and min(ours.rarity, theirs.rarity) >= OWN


def name_conflict(ours: Mapping[str, bool], theirs: Mapping[str, bool]) -> float:
    """Whether two names differ in parts that all mean something, as gcc-12-doc and gcc-13-dev do.

    A part means something when it is a word, or when other names have it, too: serial numbers are in one name only.
    A number at the end of one name only, as shops and systems append to a name that is taken, means nothing.
    """
    left, right = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
    parts = {**ours, **theirs}
    if len(left) + len(right) == len(parts) and not all(map(str.isalpha, parts)):
        return 0.0
    shorter, longer = sorted((list(ours), list(theirs)), key=len)
    if longer[:-1] == shorter and longer[-1].isdigit():
        return 0.0
    return float(all(parts[part] or (part.isalpha() and len(part) >= WORD) for part in left | right))


def _number(name: str, ours: float, theirs: float) -> tuple[float, float]:
    """Likeness and gap of two numbers: years must be equal, measures nearly, amounts may differ some."""
    if ours == theirs:
        return 1.0, 0.0
    low, high = sorted((abs(ours), abs(theirs)))
    if low >= 1800 and high <= 2100 and ours.is_integer() and theirs.is_integer():
        return (0.5 if high - low == 1 else 0.0), 0.0
    distance = 1 - low / high
    if has_unit(name):
        return float(distance <= 0.025), 0.0
    return max(0.0, 1 - 4 * distance), distance


def _text(ours: Attribute, theirs: Attribute) -> float:
    if ours.text == theirs.text:
        return 1.0
    small = min(len(ours.words), len(theirs.words))
    return len(ours.words & theirs.words) / small if small else 0.0
