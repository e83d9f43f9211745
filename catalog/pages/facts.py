"""An item's attributes as people read them: label and text, in the order of the collection's schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.schemas import AttributeDefinition

# An attribute named `weight_g` reads as "Weight" with "2,350 g".
UNITS: Final = {
    unit.lower(): unit
    for unit in ("g", "kg", "mm", "cm", "m", "km", "ml", "l", "W", "Wh", "kWh", "V", "A", "mAh", "lm", "h", "min", "s")
}
MONEY: Final = ("price", "cost", "fee")


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute in words."""

    name: str
    label: str
    text: str


def describe(schema: Mapping[str, AttributeDefinition], attributes: Mapping[str, Any]) -> list[Fact]:
    """A fact for each attribute that has a value: facets first, then the schema's others, identifiers last."""
    names = sorted(attributes, key=lambda name: _place(schema.get(name)))
    facts = [Fact(name, label_of(name, schema), text_of(name, attributes[name], schema)) for name in names]
    return [fact for fact in facts if fact.text]


def _place(definition: AttributeDefinition | None) -> int:
    if definition is None:
        return 2
    return 0 if definition.facet else 3 if definition.identifier else 1


def label_of(name: str, schema: Mapping[str, AttributeDefinition]) -> str:
    """The schema's label, else the name made readable."""
    if name in schema and schema[name].label:
        return schema[name].label
    stem = name.rpartition("_")[0] if _unit(name, schema) else name
    words = stem.replace("_", " ").strip()
    return "SKU" if words == "sku" else words[:1].upper() + words[1:]


def text_of(name: str, value: Any, schema: Mapping[str, AttributeDefinition]) -> str:
    """One value or a list of them, with the unit that the name carries."""
    values = value if isinstance(value, list) else [value]
    unit = _unit(name, schema)
    return ", ".join(_text(name, single, unit) for single in values if single not in (None, ""))


def _text(name: str, value: Any, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value) or isinstance(value, int):
        number = f"{value:,}"
        return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number
    decimals = 2 if name.lower().startswith(MONEY) and value != int(value) else 0
    number = f"{value:,.{decimals}f}" if decimals or value == int(value) else f"{value:,.4f}".rstrip("0")
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number


def _unit(name: str, schema: Mapping[str, AttributeDefinition]) -> str:
    if name in schema and schema[name].label:
        return ""
    stem, _, ending = name.rpartition("_")
    return UNITS.get(ending.lower(), "") if stem else ""
