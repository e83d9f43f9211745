"""The types of attributes: one table, from which values, filters, panels, forms and imports are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from catalog.attributes.dates import read_date
from catalog.attributes.numbers import read_number
from catalog.schemas import AttributeDefinition

FacetKind = Literal["values", "range", "none"]
Reader = Callable[[Any, AttributeDefinition], Any]

YES: Final = frozenset({"true", "yes", "y", "1", "x", "ja", "oui", "sí", "si"})
NO: Final = frozenset({"false", "no", "n", "0", "nein", "non"})


@dataclass(frozen=True, slots=True)
class AttributeType:
    """One type. `read` returns the value as it is stored, from text or JSON, or raises ValueError with the reason."""

    name: str
    label: str
    facet_kind: FacetKind
    read: Reader
    ask: str  # what a form asks for
    input_attributes: Mapping[str, str]  # of an HTML input

    @property
    def is_numeric(self) -> bool:
        return self.input_attributes.get("inputmode") == "decimal"


def read_term(value: Any, definition: AttributeDefinition) -> Any:
    return value.strip() if isinstance(value, str) else value


def read_numeric(value: Any, definition: AttributeDefinition) -> int | float:
    if isinstance(value, str):
        return read_number(value, definition.decimal)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{_quoted(value)} is not a number")
    return value


def read_integer(value: Any, definition: AttributeDefinition) -> int:
    number = read_numeric(value, definition)
    if number != int(number):
        raise ValueError(f"{_quoted(value)} is not a whole number")
    return int(number)


def read_day(value: Any, definition: AttributeDefinition) -> str:
    return read_date(str(value).lower() if isinstance(value, bool) else str(value), definition.date_order)


def read_boolean(value: Any, definition: AttributeDefinition) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in YES and word not in NO:
        raise ValueError(f"{_quoted(value)} is neither true nor false")
    return word in YES


def _quoted(value: Any) -> str:
    return f"'{str(value)[:60]}'"


_DECIMAL: Final = {"type": "text", "inputmode": "decimal"}

TYPES: Final[Mapping[str, AttributeType]] = {
    kind.name: kind
    for kind in (
        AttributeType("term", "Term", "values", read_term, "Enter a word or code.", {"type": "text"}),
        AttributeType("text", "Text", "none", read_term, "Enter a text.", {"type": "text"}),
        AttributeType("number", "Number", "range", read_numeric, "Enter a number.", _DECIMAL),
        AttributeType("integer", "Whole number", "range", read_integer, "Enter a whole number.", _DECIMAL),
        AttributeType("date", "Date", "range", read_day, "Enter a valid date.", {"type": "date"}),
        AttributeType("boolean", "Yes or no", "values", read_boolean, "Choose yes or no.", {"type": "text"}),
    )
}


def type_of(definition: AttributeDefinition) -> AttributeType:
    return TYPES[definition.type]


def facet_kind(definition: AttributeDefinition) -> FacetKind:
    """Whether the attribute is chosen by its values, by a range, or not at all."""
    return type_of(definition).facet_kind
