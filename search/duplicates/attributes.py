"""How far the attributes of two items agree, conflict and differ in amounts."""

from __future__ import annotations

from search.duplicates.profile import Attribute, Profile
from search.duplicates.quantities import has_unit


def compare_attributes(left: Profile, right: Profile) -> tuple[float, float, float]:
    """Agreement and conflict over the attributes both have, as shares, and the gap of plain numbers."""
    agreed = conflict = gap = 0.0
    compared = 0
    for name in left.attributes.keys() & right.attributes.keys():
        ours, theirs = left.attributes[name], right.attributes[name]
        if ours.code and theirs.code and ours.code != theirs.code:
            continue
        compared += 1
        if ours.is_number and theirs.is_number:
            likeness, distance = _number(name, ours.numbers[0], theirs.numbers[0])
            gap = max(gap, distance)
        else:
            likeness = _text(ours, theirs)
        agreed += likeness
        conflict += 1 - likeness
    return agreed / (compared + 1), conflict / (compared + 1), gap


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
