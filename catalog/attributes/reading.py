"""One parser for the values of attributes, whoever sends them: import, forms, admin, API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from catalog.attributes.numbers import written_number
from catalog.attributes.splitting import split_text
from catalog.attributes.types import type_of
from catalog.errors import InvalidInput
from catalog.schemas import AttributeDefinition

Schema = Mapping[str, AttributeDefinition]

# How people write that they do not know; only where a word makes no sense, as in a number.
MISSING: Final = frozenset({"", "-", "–", "—", "?", "n/a", "na", "n.a.", "none", "null", "unknown", "k.a."})
TEXT_TYPES: Final = ("term", "text")


def read_attributes(schema: Schema, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes as they are stored; those that the schema does not name stay as they are.

    Raises InvalidInput that names each wrong attribute with the reason.
    """
    values: dict[str, Any] = {}
    problems: list[dict[str, str]] = []
    for name, value in attributes.items():
        try:
            read = read_value(schema[name], value) if name in schema else value
        except ValueError as error:
            problems.append({"field": f"attributes.{name}", "reason": str(error)})
            continue
        if read is not None or value is None:
            values[name] = read
    if problems:
        raise InvalidInput("; ".join(f"{p['field']}: {p['reason']}" for p in problems), problems)
    return values


def read_value(definition: AttributeDefinition, value: Any) -> Any:
    """The value as it is stored: one, a list, or None where none is given. Raises ValueError with the reason."""
    parts = value if isinstance(value, list) else split(definition, value)
    read = [_read(definition, part) for part in parts]
    if isinstance(value, list):
        return [part for part in read if part is not None]
    given = [part for part in read if part is not None]
    if definition.list:
        return given or None
    return given if len(given) > 1 else given[0] if given else None


def split(definition: AttributeDefinition, value: Any) -> list[Any]:
    """The values that one text holds. Terms are split at their separator; of other types only lists are."""
    separator = definition.separator
    may_split = definition.list or definition.type == "term"
    if not isinstance(value, str) or not separator or not may_split or separator not in value:
        return [value]
    return split_text(value, separator)


def is_missing(value: Any) -> bool:
    """Whether the text says that there is no value."""
    return isinstance(value, str) and value.strip().lower() in MISSING


def _read(definition: AttributeDefinition, value: Any) -> Any:
    if value is None or (definition.type not in TEXT_TYPES and is_missing(value)):
        return None
    return type_of(definition).read(value, definition)


def written(definition: AttributeDefinition, value: Any) -> str:
    """The value as a form shows it, so that reading it again gives the same."""
    if isinstance(value, list):
        mark = definition.separator or ";"
        joint = f"{mark} " if mark in ";," else f" {mark} "
        return joint.join(written(definition, part) for part in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return written_number(value).replace(".", definition.decimal)
    return "" if value is None else str(value)
