"""A schema found in the rows: types, facets, ranges, lists and identifiers, and why where it is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from catalog.attributes import codes, lists
from catalog.attributes.dates import orders_of, read_date
from catalog.attributes.numbers import decimal_mark_of, read_number
from catalog.attributes.profile import Profile, repetition
from catalog.schemas import MAX_ATTRIBUTES, AttributeDefinition

MIN_ROWS: Final = 5  # with a value; fewer tell nothing
MIN_SHARE: Final = 0.9  # of the values that a type must read; the others are refused as slips
FIRST: Final = 200  # different values that are looked at first
FACET_REPETITION: Final = 0.6  # share of rows whose value another row has, too
MAX_FACET_SHARE: Final = 0.5  # different values to rows
ALWAYS_FEW: Final = 20  # different values that are few however few the rows
MAX_TERM_LENGTH: Final = 60  # characters on average, above which it is a text
MAX_TERM_WORDS: Final = 8

AMBIGUOUS_DATES: Final = "may be day/month or month/day, so it stays text: choose the order of its dates"

Definitions = Mapping[str, AttributeDefinition]


@dataclass(frozen=True, slots=True)
class Inferred:
    """Definitions by attribute in the order of the columns, and what a person should know of some."""

    definitions: dict[str, AttributeDefinition] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


class Columns:
    """Profiles of all attributes, fed row by row."""

    def __init__(self, limit: int = MAX_ATTRIBUTES) -> None:
        self.limit = limit
        self.rows = 0
        self.profiles: dict[str, Profile] = {}

    def add(self, attributes: Mapping[str, Any]) -> None:
        self.rows += 1
        for name, value in attributes.items():
            profile = self.profiles.get(name)
            if profile is None:
                if len(self.profiles) >= self.limit:
                    continue
                profile = self.profiles[name] = Profile()
            profile.add(value)

    def add_all(self, rows: Iterable[Mapping[str, Any]]) -> Columns:
        for attributes in rows:
            self.add(attributes)
        return self

    def infer(self) -> Inferred:
        """Nothing from fewer than MIN_ROWS rows; an attribute that few rows have is a plain term."""
        found = Inferred()
        if self.rows < MIN_ROWS:
            return found
        for name, profile in self.profiles.items():
            if not profile.rows:
                continue
            definition, note = define(name, profile)
            found.definitions[name] = definition
            if note:
                found.notes[name] = note
        return found


def define(name: str, profile: Profile) -> tuple[AttributeDefinition, str]:
    """The definition of one attribute, and a note where people should look at it."""
    if profile.rows < MIN_ROWS:
        return AttributeDefinition(separator=""), ""
    if profile.lists:
        counts = profile.elements + profile.texts
        return AttributeDefinition(list=True, facet=_is_facet(profile.rows, counts)), ""
    if profile.booleans == profile.rows or _are_words(profile):
        return AttributeDefinition(type="boolean", facet=len(profile.texts) > 1), ""
    if codes.is_identifier(name, profile):
        found = _number_or_date(profile)
        if found is None or codes.is_named_like_a_code(name):
            return AttributeDefinition(identifier=True, separator=""), ""
        return found
    return _number_or_date(profile) or _words(profile)


def _are_words(profile: Profile) -> bool:
    words = {text.lower() for text in profile.texts}
    pairs = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"ja", "nein"}, {"oui", "non"})
    return bool(words) and len(words) == 2 and words in pairs


def _number_or_date(profile: Profile) -> tuple[AttributeDefinition, str] | None:
    if (number := _number(profile)) is not None:
        return number, ""
    orders = [found for text in profile.texts if (found := orders_of(text))]
    possible = frozenset[Any]({"dmy", "mdy"}).intersection(*orders)
    order: Any = next(iter(possible)) if orders and len(possible) == 1 else ""
    if _reads(profile, lambda text: read_date(text, order)):
        return AttributeDefinition(type="date", facet=len(profile.texts) > 1, date_order=order), ""
    if orders and len(possible) == 2 and _reads(profile, lambda text: read_date(text, "dmy")):
        return AttributeDefinition(separator=""), AMBIGUOUS_DATES
    return None


def _number(profile: Profile) -> AttributeDefinition | None:
    if profile.share(codes.is_padded) > 0 or codes.has_check_digits(profile):
        return None
    if not _reads(profile, read_number):
        return None
    marks = {mark for text in profile.texts if _is_number(text) and (mark := decimal_mark_of(text))}
    decimal: Any = "," if marks == {","} else "."
    numbers = [read_number(text, decimal) for text in profile.texts if _is_number(text)]
    return AttributeDefinition(type="number", facet=len(set(numbers)) > 1, decimal=decimal)


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except ValueError:
        return False
    return True


def _reads(profile: Profile, read: Callable[[str], Any]) -> bool:
    def is_read(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    first = list(islice(profile.texts, FIRST))
    if sum(map(is_read, first)) < len(first) / 2:
        return False  # most columns are told by a glance
    return profile.share(is_read) >= MIN_SHARE


def _words(profile: Profile) -> tuple[AttributeDefinition, str]:
    if separator := lists.separator_of(profile):
        elements = lists.elements_of(profile, separator)
        is_facet = _is_facet(profile.counted, elements)
        return AttributeDefinition(list=True, separator=separator, facet=is_facet), ""
    if _is_text(profile):
        return AttributeDefinition(type="text", separator=""), ""
    return AttributeDefinition(facet=_is_facet(profile.counted, profile.texts), separator=""), ""


def _is_text(profile: Profile) -> bool:
    total = profile.counted or 1
    length = sum(len(text) * count for text, count in profile.texts.items()) / total
    words = sum(len(text.split()) * count for text, count in profile.texts.items()) / total
    return length > MAX_TERM_LENGTH or words > MAX_TERM_WORDS


def _is_facet(rows: int, counts: Any) -> bool:
    """Few values, most of which several rows have."""
    few = max(ALWAYS_FEW, MAX_FACET_SHARE * rows)
    return 2 <= len(counts) <= few and repetition(counts) >= FACET_REPETITION
