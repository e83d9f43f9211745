"""Bounds and sizes that a query names in words, as in "head lamp under 30 euros", read against the collection's schema.

What is read becomes a filter that is shown and can be taken back; the rest of the query is what is searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.db import connection

from catalog.attributes.types import type_of
from catalog.schemas import AttributeDefinition, parse_attribute_schema
from search.quantities import quantities_of, read_number
from search.retrieval.types import Filter, SearchRequest, Understood

MAX_LENGTH: Final = 200  # characters; in a longer text a number is rather part of the story
TOLERANCE: Final = 0.025  # of a size that is named without "under" or "over", as 2 l is 2,000 ml
WORDS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS: Final = {word: n for n, word in enumerate(WORDS, start=1)}
PRICE: Final = re.compile(r"(?:^|[\W_])(?:price|cost|fee)s?(?:[\W_]|$)", re.IGNORECASE)
PEOPLE: Final = ("person", "persons", "people")

_MOST = r"under|below|less than|cheaper than|up to|at most|(?:no|not) more than|max(?:imum)?|<=?|≤"
_LEAST = r"over|above|more than|at least|from|min(?:imum)?|>=?|≥"
_NUMBER = r"\d[\d.,]*(?<![.,])|" + "|".join(NUMBERS)
_MONEY = r"[€$£]|euros?|eur|dollars?|usd|gbp"
_AMOUNT = rf"(?P<sign>[€$£] ?)?(?P<number>{_NUMBER})(?:[ -]?(?P<unit>{_MONEY}|[^\W\d_]+|\"|'))?"
BOUND: Final = re.compile(rf"(?<!\w)(?:(?P<most>{_MOST})|(?P<least>{_LEAST})) ?{_AMOUNT}(?!\w)", re.IGNORECASE)
SIZE: Final = re.compile(rf"(?<![\w-])(?:(?:for|of|with) )?{_AMOUNT}(?!\w)", re.IGNORECASE)

Schema = Mapping[str, AttributeDefinition]
Range = tuple[float | None, float | None]

# Which of the attributes has one of the values; each is asked of an index.
HAVING = """
    SELECT name FROM unnest(%(names)s::text[]) AS name WHERE EXISTS (
        SELECT 1 FROM catalog_item i CROSS JOIN unnest(%(values)s::text[]) AS value
        WHERE i.collection_id = %(collection)s AND (i.attributes @> jsonb_build_object(name, value)
              OR i.attributes @> jsonb_build_object(name, jsonb_build_array(value)))
    )
"""


@dataclass(frozen=True, slots=True)
class _Amount:
    text: str  # the whole phrase, as typed
    number: float
    unit: str
    is_money: bool


def read_measures(request: SearchRequest) -> tuple[SearchRequest, tuple[Understood, ...]]:
    """The request with what its words say of attributes as filters, and what was read.

    An explicit filter wins over words on the same attribute, which are left out: what is searched for stays the same.
    """
    text = request.query_text
    if request.is_literal or len(text) > MAX_LENGTH or '"' in text or not re.search(_NUMBER, text, re.IGNORECASE):
        return request, ()
    schema = parse_attribute_schema(request.collection.attribute_schema)
    filtered = {one.attribute for one in request.filters}
    read: dict[str, Understood] = {}
    for one in (*_bounds(text, schema), *_sizes(request, BOUND.sub(" ", text), schema)):
        read.setdefault(one.filter.attribute, one)
    for one in read.values():
        text = text.replace(one.text, " ", 1)
    rest = " ".join(text.split())
    found = tuple(one for name, one in read.items() if name not in filtered)
    return replace(request, query_text=rest, filters=(*request.filters, *(one.filter for one in found))), found


def _bounds(text: str, schema: Schema) -> Iterator[Understood]:
    for match in BOUND.finditer(text):
        if (amount := _amount(match)) is None:
            continue
        for name in _names(amount, schema):
            value = _as_stored(amount, name, schema)
            if value is not None:
                is_most = bool(match["most"])
                low, high = (None, value) if is_most else (value, None)
                yield Understood(amount.text, Filter(name, minimum=low, maximum=high))


def _sizes(request: SearchRequest, text: str, schema: Schema) -> Iterator[Understood]:
    """Sizes without a bound: of a number attribute with that unit, else a value as "4 person" among the terms."""
    for match in SIZE.finditer(text):
        amount = _amount(match)
        if amount is None or amount.is_money or not amount.unit:
            continue
        ranges = [(name, _as_stored(amount, name, schema)) for name in _names(amount, schema)]
        for name, value in ranges:
            if value is not None:
                yield Understood(
                    amount.text, Filter(name, minimum=value * (1 - TOLERANCE), maximum=value * (1 + TOLERANCE))
                )
        if not ranges:
            yield from _terms(request, amount, schema)


def _terms(request: SearchRequest, amount: _Amount, schema: Schema) -> Iterator[Understood]:
    names = [name for name, one in schema.items() if one.type == "term" and not one.identifier]
    nouns = PEOPLE if amount.unit in PEOPLE else (amount.unit, amount.unit.removesuffix("s"), f"{amount.unit}s")
    values = [f"{amount.number:g}{blank}{noun}" for noun in dict.fromkeys(nouns) for blank in (" ", "-")]
    with connection.cursor() as cursor:
        cursor.execute(HAVING, {"names": names, "values": values, "collection": request.collection.pk})
        for (name,) in cursor.fetchall()[:1]:
            yield Understood(amount.text, Filter(name, terms=tuple(values)))


def _amount(match: re.Match[str]) -> _Amount | None:
    digits, unit = match["number"].lower(), (match["unit"] or "").lower()
    number = float(NUMBERS[digits]) if digits in NUMBERS else read_number(digits)
    if number is None:
        return None
    is_money = bool(match["sign"]) or re.fullmatch(_MONEY, unit) is not None
    return _Amount(match[0], number, "" if match["sign"] else unit, is_money)


def _names(amount: _Amount, schema: Schema) -> list[str]:
    """The one number attribute that the amount can be of; where there are two, the words do not say which."""
    numbers = [name for name, one in schema.items() if type_of(one).is_numeric]
    if amount.is_money:
        priced = [name for name in numbers if PRICE.search(f"{name} {schema[name].label}")]
        return priced if len(priced) == 1 else []
    wanted = _dimension(f"1 {amount.unit}")
    fitting = [name for name in numbers if wanted and (_unit(name, schema) or ("", 0.0))[0] == wanted[0]]
    return fitting if len(fitting) == 1 else []


def _as_stored(amount: _Amount, name: str, schema: Schema) -> float | None:
    """The amount in the attribute's own unit."""
    if amount.is_money:
        return amount.number
    asked, own = _dimension(f"1 {amount.unit}"), _unit(name, schema)
    return amount.number * asked[1] / own[1] if asked and own else None


def _unit(name: str, schema: Schema) -> tuple[str, float] | None:
    """Dimension and size of the unit that ends the attribute's name, or that its label says: "Weight in grams"."""
    for word in (name.rpartition("_")[2], schema[name].label.rpartition(" ")[2].strip("()[]")):
        if found := _dimension(f"1 {word}"):
            return found
    return None


def _dimension(text: str) -> tuple[str, float] | None:
    found = quantities_of(text.lower())
    return found[0] if len(found) == 1 and found[0][0] else None
