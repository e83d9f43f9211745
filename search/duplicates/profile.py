"""What is prepared once per item, so that comparing a pair costs little."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from search.duplicates.identifiers import codes_of, is_code
from search.duplicates.quantities import Quantity, attribute_quantities, quantities_of
from search.duplicates.variants import basic_colours_of, colours_of, generations_of, kinds_of
from search.duplicates.words import WordStatistics, fold, squash, words_of

_MAX_WORDS = 200
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
    words: frozenset[str]
    numbers: tuple[float, ...]
    code: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """An item's words by weight, codes, quantities, variant words and attributes."""

    title: Weights
    title_mass: float
    words: Weights
    words_mass: float
    words_norm: float
    squashed_title: str
    squashed: str
    title_codes: frozenset[str]
    codes: frozenset[str]
    title_quantities: tuple[Quantity, ...]
    key_quantities: tuple[Quantity, ...]
    quantities: tuple[Quantity, ...]
    colours: frozenset[str]
    kinds: frozenset[str]
    generations: frozenset[str]
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
    heading, text = fold(title), fold(body)
    facts = {name: _attribute(value) for name, value in attributes.items() if value not in (None, "", [])}
    title_weights = _weights(words_of(heading), statistics)
    words = {**_weights(words_of(text)[:_MAX_WORDS], statistics), **title_weights}
    heading_words, values = _PLAIN.findall(heading), _values_of(facts, _COLOUR_NAME)
    in_title, in_facts = quantities_of(heading), _fact_quantities(facts)
    title_codes = codes_of(heading)
    return Profile(
        title=title_weights,
        title_mass=sum(title_weights.values()),
        words=words,
        words_mass=sum(words.values()),
        words_norm=math.sqrt(sum(x * x for x in words.values())),
        squashed_title=squash(heading)[:150],
        squashed=(squash(heading) + " " + squash(text))[:600],
        title_codes=title_codes,
        codes=title_codes | codes_of(text),
        title_quantities=in_title,
        key_quantities=tuple(dict.fromkeys((*in_title, *in_facts))),
        quantities=tuple(dict.fromkeys((*in_title, *in_facts, *quantities_of(text))))[:40],
        colours=colours_of(values) or basic_colours_of(heading_words),
        kinds=kinds_of(_values_of(facts, _SIZE_NAME)) or kinds_of(heading_words),
        generations=generations_of(heading_words),
        attributes=facts,
        ceiling=statistics.ceiling,
        fingerprint=fingerprint_of(title, body),
        identifiers=identifiers,
    )


def fingerprint_of(title: str, body: str) -> str:
    """The text without case, accents, punctuation and spacing: equal for texts that say the same letter by letter."""
    return squash(fold(f"{title} {body}"))


def _values_of(facts: Mapping[str, Attribute], named: re.Pattern[str]) -> list[str]:
    """The words of the attributes whose name fits, here for a colour or a size."""
    return _PLAIN.findall(" ".join(fact.text for name, fact in facts.items() if named.search(name.lower())))


def _weights(words: list[str], statistics: WordStatistics) -> dict[str, float]:
    return {word: statistics.idf(word) for word in words}


def _attribute(value: object) -> Attribute:
    text = fold(" ".join(map(str, value)) if isinstance(value, list) else str(value))
    squashed = squash(text)
    code = squashed if " " not in text and is_code(squashed) and not _DECIMAL.fullmatch(text) else ""
    numbers = tuple(map(float, _NUMBERS.findall(text)))
    return Attribute(text, frozenset(words_of(text)), numbers, code, bool(_DECIMAL.fullmatch(text)))


def _fact_quantities(facts: Mapping[str, Attribute]) -> list[Quantity]:
    """Quantities of attributes, those with a unit only: a plain number may be anything."""
    found = (quantity for name, fact in facts.items() for quantity in attribute_quantities(name, fact.text))
    return [quantity for quantity in found if quantity[0]]
