"""Marks of an item beside its words: what it shares with others, counted like words to know how telling it is.

A mark is a string that no word can be: `name=value`, `name:part` of a value that is a name, `#code`, `~measure`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from search.duplicates.reading.identifiers import codes_of
from search.duplicates.reading.words import read
from search.quantities import Quantity, quantities_of

_PART = re.compile(r"[a-z]+|\d+")
_STEP = 0.05  # of the logarithm of a measure: values nearer than that are counted together


def marks_of_item(title: str, body: str, attributes: Mapping[str, object]) -> Iterator[str]:
    """The marks of an item, some of them more than once."""
    text = read(f"{title}\n{body}")
    if any(map(str.isdigit, text)):
        yield from map(code_mark, codes_of(text))
        yield from map(quantity_mark, quantities_of(text))
    for name, value in attributes.items():
        if value not in (None, "", []):
            folded = value_text(value)
            yield value_mark(name, folded)
            yield from (part_mark(name, part) for part in parts_of_name(folded))


def value_text(value: object) -> str:
    """An attribute's value, or its list of values, folded."""
    return read(" ".join(map(str, value)) if isinstance(value, list) else str(value))


def parts_of_name(text: str) -> tuple[str, ...]:
    """The parts of a folded value that is a structured name, as gcc-12-plugin-dev; () when it is none."""
    if " " in text or len(text) > 100:
        return ()
    parts = tuple(_PART.findall(text))
    return parts if any(map(str.isalpha, parts)) else ()


def value_mark(name: str, text: str) -> str:
    return f"{name}={text}"


def part_mark(name: str, part: str) -> str:
    return f"{name}:{part}"


def code_mark(code: str) -> str:
    return f"#{code}"


def quantity_mark(quantity: Quantity) -> str:
    dimension, value = quantity
    if not dimension or value <= 0:
        return f"~{value:g}"
    return f"~{dimension}{round(math.log(value) / _STEP)}"
