"""How far the attributes of two items agree, conflict and differ in amounts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from search.duplicates.reading.profile import Attribute, Profile
from search.quantities import has_unit, shared

WORD = 3  # letters of a word in a name
USUAL = 0.75  # share of the same things that agree in an attribute, as long as nothing is known of it
SURE, SUREST = 0.85, 0.99  # from which a difference speaks for itself, and at most, whatever was counted
TELLING, BROKEN = 3.0, 5.5  # nats of that for one of rarity, and at most
LIGHTEST, HEAVIEST = 0.2, 1.0  # what a difference may weigh
OWN = 0.8  # rarity of a value from which it is a name of its item

Agreement = Mapping[str, float]  # attribute: share of the same things that agree in it, where it is known


@dataclass(frozen=True, slots=True)
class AttributeEvidence:
    """Agreement and conflict over the attributes both have, as shares; the gap of plain numbers; whether names of one
    scheme differ; and how surely an attribute differs that the same things share in this collection."""

    agreement: float
    conflict: float
    gap: float
    names: float
    broken: float


def compare_attributes(
    left: Profile, right: Profile, agreement: Agreement, hidden: str | None = None
) -> AttributeEvidence:
    """To agree in a value counts as much as that value is rare, to differ as much as the same things agree in it.

    A `hidden` attribute is not looked at.
    """
    agreed = conflict = gap = names = broken = 0.0
    compared = 0
    for name in (left.attributes.keys() & right.attributes.keys()) - {hidden}:
        ours, theirs = left.attributes[name], right.attributes[name]
        expected = agreement.get(name)
        if _are_names(ours, theirs):
            names = max(names, said := name_conflict(ours.parts, theirs.parts))
            if said or expected is None:
                continue
        likeness, distance = _likeness(name, ours, theirs)
        if likeness == 0 and not (ours.is_number and theirs.is_number):
            broken += (1 - broken) * _surety(expected or 0.0) * max(2 * min(ours.rarity, theirs.rarity) - 1, 0.0)
        if ours.code and theirs.code and likeness < 1:
            continue  # two systems give one thing two codes, unless the collection shows otherwise
        compared += 1
        gap = max(gap, distance)
        agreed += likeness * min(ours.rarity, theirs.rarity)
        conflict += (1 - likeness) * _weight(USUAL if expected is None else expected)
    return AttributeEvidence(agreed / (compared + 1), min(conflict / (compared + 1), 1.0), gap, names, broken)


def likeness_of_attributes(left: Profile, right: Profile) -> dict[str, float]:
    """How alike two items are in each attribute that both have."""
    both = left.attributes.keys() & right.attributes.keys()
    return {name: _likeness(name, left.attributes[name], right.attributes[name])[0] for name in both}


def _weight(expected: float) -> float:
    """What a difference weighs against one in an attribute that the same things usually share, in log-odds."""
    return min(max(math.log(1 - min(expected, SUREST)) / math.log(1 - USUAL), LIGHTEST), HEAVIEST)


def _surety(expected: float) -> float:
    """How telling a difference is that hardly any of the same things have, as a share of the most that is believed."""
    rarer = math.log((1 - SURE) / (1 - min(expected, SUREST)))
    return min(max(TELLING * rarer / BROKEN, 0.0), 1.0)


def _likeness(name: str, ours: Attribute, theirs: Attribute) -> tuple[float, float]:
    """Likeness of two values, and the gap between them when they are amounts."""
    if ours.is_number and theirs.is_number:
        return _number(name, ours.numbers[0], theirs.numbers[0])
    if ours.hues and theirs.hues:
        return float(bool(ours.hues & theirs.hues)), 0.0
    if ours.measures and theirs.measures and ours.squashed != theirs.squashed:
        fewer, more = sorted((ours.measures, theirs.measures), key=len)
        return len(shared(fewer, more)) / len(fewer), 0.0
    return _text(ours, theirs), 0.0


def _are_names(ours: Attribute, theirs: Attribute) -> bool:
    """Whether these are two structured names that hardly any other item has."""
    if ours.squashed == theirs.squashed or min(len(ours.parts), len(theirs.parts)) == 0:
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
    if ours.squashed == theirs.squashed:
        return 1.0
    if len(ours.words) == len(theirs.words) and all(map(str.isdigit, (*ours.words, *theirs.words))):
        return 0.0  # a telephone number, a time: other digits are another one
    small = min(len(ours.words), len(theirs.words))
    return len(ours.words & theirs.words) / small if small else 0.0
