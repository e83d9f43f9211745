"""What is prepared once per item, so that comparing a pair costs little."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from sys import intern
from typing import Any

from search.duplicates.reading.identifiers import codes_of, is_code
from search.duplicates.reading.lists import list_of
from search.duplicates.reading.marks import code_mark, part_mark, parts_of_name, quantity_mark, value_mark, value_text
from search.duplicates.reading.parts import Parts, editions_of, parts_of
from search.duplicates.reading.variants import basic_colours_of, colours_of, generations_of, kinds_of
from search.duplicates.reading.words import WordStatistics, fold, read, squash, words_of
from search.quantities import Quantity, attribute_quantities, quantities_of

_MAX_WORDS = 200
SMALL = 10  # numbers up to here, without a unit, count things everywhere, also where few items show it
ESTABLISHED = 3  # names that a part of a name is in, so that it means something
_PLAIN = re.compile(r"[^\W\d_]+")
_COLOUR_NAME = re.compile(r"colou?r|farb|couleur|finish")
_SIZE_NAME = re.compile(r"size|grosse|taille|talla")
_DECIMAL = re.compile(r"[^a-z0-9]*\d+(?:[.,]\d+)?[^a-z0-9]*")
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute's value, ready for comparison."""

    text: str
    squashed: str
    words: frozenset[str]
    numbers: tuple[float, ...]
    code: str
    is_number: bool
    rarity: float  # of the value, from 0 (all items have it) to 1
    parts: Mapping[str, bool]  # of a structured name, and whether other names have each of them, too
    hues: frozenset[str]  # of an attribute that is named a colour
    measures: tuple[Quantity, ...]  # with a unit


@dataclass(frozen=True, slots=True)
class Profile:
    """An item's words by weight, codes, quantities, variant words and attributes."""

    title: Weights
    title_mass: float
    words: Weights
    words_mass: float
    squashed_title: str
    squashed: str
    title_codes: frozenset[str]
    own_codes: frozenset[str]  # of title and attributes
    codes: frozenset[str]
    title_quantities: tuple[Quantity, ...]
    key_quantities: tuple[Quantity, ...]
    quantities: tuple[Quantity, ...]
    rarities: Mapping[object, float]  # of the codes and quantities, where they are not as rare as can be
    colours: frozenset[str]
    kinds: frozenset[str]
    generations: frozenset[str]
    parts: Parts
    editions: frozenset[str]
    entries: tuple[str, ...]  # of the list in it, if there is one
    attributes: Mapping[str, Attribute]
    ceiling: float
    fingerprint: str
    identifiers: frozenset[str]


def prepare(
    title: str,
    body: str,
    attributes: Mapping[str, object],
    statistics: WordStatistics,
    identifiers: frozenset[str] = frozenset(),
) -> Profile:
    """The profile of one item under its collection's word statistics; `identifiers` are those of its attributes."""
    heading, text = read(title), read(body)
    facts = {
        name: _attribute(name, value, statistics) for name, value in attributes.items() if value not in (None, "", [])
    }
    title_weights = _weights(words_of(heading), statistics)
    words = {**_weights(words_of(text)[:_MAX_WORDS], statistics), **title_weights}
    return Profile(
        title=title_weights,
        title_mass=sum(title_weights.values()),
        words=words,
        words_mass=sum(words.values()),
        squashed_title=squash(heading)[:150],
        squashed=(squash(heading) + " " + squash(text))[:600],
        **_codes_and_quantities(heading, text, facts, statistics),
        **_marks_of_a_variant(heading, facts),
        entries=list_of(body, attributes),
        attributes=facts,
        ceiling=statistics.ceiling,
        fingerprint=fingerprint_of(title, body),
        identifiers=identifiers,
    )


def _codes_and_quantities(
    heading: str, text: str, facts: Mapping[str, Attribute], statistics: WordStatistics
) -> dict[str, Any]:
    in_title, in_facts = quantities_of(heading), _fact_quantities(facts)
    title_codes = codes_of(heading)
    own_codes = title_codes | {fact.code for fact in facts.values() if fact.code}
    codes = own_codes | codes_of(text)
    quantities = tuple(dict.fromkeys((*in_title, *in_facts, *_measures(quantities_of(text)))))[:40]
    return {
        "title_codes": title_codes,
        "own_codes": own_codes,
        "codes": codes,
        "title_quantities": in_title,
        "key_quantities": tuple(dict.fromkeys((*in_title, *in_facts))),
        "quantities": quantities,
        "rarities": _rarities(codes, quantities, statistics),
    }


def _marks_of_a_variant(heading: str, facts: Mapping[str, Attribute]) -> dict[str, Any]:
    """What its title and attributes say that other variants of the same thing do not."""
    words, colours = _PLAIN.findall(heading), _values_of(facts, _COLOUR_NAME)
    return {
        "colours": colours_of(colours) or basic_colours_of(words),
        "kinds": kinds_of(_values_of(facts, _SIZE_NAME)) or _plain_sizes(facts) or kinds_of(words),
        "generations": generations_of(words),
        "parts": parts_of(heading),
        "editions": editions_of(heading),
    }


def fingerprint_of(title: str, body: str) -> str:
    """Equal for texts that say the same letter by letter, without case, accents, punctuation and spacing."""
    return blake2b(squash(fold(f"{title} {body}")).encode(), digest_size=16).hexdigest()


def _values_of(facts: Mapping[str, Attribute], named: re.Pattern[str]) -> list[str]:
    """The words of the attributes whose name fits, here for a colour or a size."""
    return _PLAIN.findall(" ".join(fact.text for name, fact in facts.items() if named.search(name.lower())))


def _plain_sizes(facts: Mapping[str, Attribute]) -> frozenset[str]:
    """Sizes that are bare numbers, as those of shoes."""
    return frozenset(fact.text for name, fact in facts.items() if fact.is_number and _SIZE_NAME.search(name.lower()))


def _weights(words: list[str], statistics: WordStatistics) -> dict[str, float]:
    return {intern(word): statistics.idf(word) for word in words}  # one object for equal words of all items


def _attribute(name: str, value: object, statistics: WordStatistics) -> Attribute:
    text = value_text(value)
    squashed = squash(text)
    code = squashed if " " not in text and is_code(squashed) and not _DECIMAL.fullmatch(text) else ""
    numbers = tuple(map(float, _NUMBERS.findall(text)))
    parts = {part: statistics.frequencies.get(part_mark(name, part), 0) >= ESTABLISHED for part in parts_of_name(text)}
    rarity = statistics.rarity(value_mark(name, text))
    is_number = bool(_DECIMAL.fullmatch(text))
    hues = colours_of(_PLAIN.findall(text)) if _COLOUR_NAME.search(name.lower()) else frozenset()
    return Attribute(
        text=text,
        squashed=squashed,
        words=frozenset(words_of(text)),
        numbers=numbers,
        code=code,
        is_number=is_number,
        rarity=rarity,
        parts={} if is_number else parts,
        hues=hues,
        measures=tuple(_measures(attribute_quantities(name, text))),
    )


def _rarities(
    codes: frozenset[str], quantities: tuple[Quantity, ...], statistics: WordStatistics
) -> dict[object, float]:
    found: dict[object, float] = {code: statistics.rarity(code_mark(code)) for code in codes}
    for quantity in quantities:
        is_plain = not quantity[0] and quantity[1] <= SMALL
        found[quantity] = statistics.rarity(quantity_mark(quantity)) * (0.5 if is_plain else 1.0)
    return {key: rarity for key, rarity in found.items() if rarity < 1}


def _fact_quantities(facts: Mapping[str, Attribute]) -> list[Quantity]:
    """Quantities of attributes, those with a unit only: a plain number may be anything."""
    return [quantity for fact in facts.values() for quantity in fact.measures]


def _measures(found: Iterable[Quantity]) -> list[Quantity]:
    """Those with a unit: a number in running text counts or names anything."""
    return [quantity for quantity in found if quantity[0]]
