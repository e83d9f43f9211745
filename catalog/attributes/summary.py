"""An attribute's definition in words."""

from __future__ import annotations

from catalog.attributes.types import type_of
from catalog.schemas import AttributeDefinition

ROLES = {"values": "filter by value", "range": "filter by range", "none": ""}


def summary_of(definition: AttributeDefinition) -> str:
    """As in `number with decimal comma, filter by range`."""
    kind = type_of(definition)
    words = [kind.label.lower()]
    if definition.list:
        words[0] = f"list of {words[0]}s, separated by {definition.separator or 'nothing'}"
    if definition.decimal == ",":
        words[0] += " with decimal comma"
    if definition.date_order:
        words[0] += " as " + ("day/month/year" if definition.date_order == "dmy" else "month/day/year")
    if definition.facet:
        words.append(ROLES[kind.facet_kind])
    if definition.identifier:
        words.append("identifier, found first")
    return ", ".join(word for word in words if word)
