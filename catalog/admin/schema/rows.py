"""The rows in which a person edits an attribute schema: a line of inputs for each attribute."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from catalog.errors import InvalidInput
from catalog.schemas import AttributeDefinition, parse_attribute_schema

FLAGS: Final = ("list", "facet", "identifier")
# How texts of some types may be written: the definition's fields by the name of the choice.
SPELLINGS: Final[Mapping[str, dict[str, str]]] = {
    "": {"decimal": ".", "date_order": ""},
    "comma": {"decimal": ",", "date_order": ""},
    "dmy": {"decimal": ".", "date_order": "dmy"},
    "mdy": {"decimal": ".", "date_order": "mdy"},
}
SPELLED: Final = {"comma": ("number", "integer"), "dmy": ("date",), "mdy": ("date",)}


@dataclass(frozen=True, slots=True)
class SchemaRow:
    """One attribute as the form shows it. `was` is the name it is stored under, empty for a new one."""

    name: str = ""
    was: str = ""
    label: str = ""
    type: str = "term"
    spelling: str = ""
    separator: str = ""
    list: bool = False
    facet: bool = False
    identifier: bool = False
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """What was posted. `shown` is the digest of the schema that the person saw."""

    rows: tuple[SchemaRow, ...] = field(default=())
    shown: str = ""


def rows_of(schema: Mapping[str, Any]) -> list[SchemaRow]:
    """The rows of a stored schema by name: PostgreSQL keeps no order of keys."""
    definitions = parse_attribute_schema(schema)
    return [
        SchemaRow(
            name=name,
            was=name,
            label=definition.label,
            type=definition.type,
            spelling="comma" if definition.decimal == "," else definition.date_order,
            separator=definition.separator,
            **{flag: getattr(definition, flag) for flag in FLAGS},
        )
        for name, definition in sorted(definitions.items())
    ]


def schema_of_rows(rows: Rows, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The schema that the rows say; what they do not show stays as stored. Raises InvalidInput."""
    schema: dict[str, Any] = {}
    for row in rows.rows:
        if row.is_removed or not (row.name or row.was):
            continue
        if not row.name:
            raise _refusal(row.was, "an attribute needs a key; tick Remove to take it out")
        if row.name in schema:
            raise _refusal(row.name, "there are two attributes with this key")
        schema[row.name] = {**stored.get(row.was, {}), **_definition(row)}
    return plain(schema)


def plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without what is the default anyway. Raises InvalidInput."""
    return {name: d.model_dump(exclude_defaults=True) for name, d in parse_attribute_schema(dict(schema)).items()}


def digest_of(schema: Mapping[str, Any]) -> str:
    """The same for two schemas that say the same."""
    full = {name: d.model_dump() for name, d in parse_attribute_schema(dict(schema)).items()}
    return hashlib.sha256(orjson.dumps(full, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _definition(row: SchemaRow) -> dict[str, Any]:
    """How texts are written counts for the types it is for: another type leaves the old choice behind."""
    spelling = SPELLINGS.get(row.spelling if row.type in SPELLED.get(row.spelling, ()) else "", {})
    flags = {flag: getattr(row, flag) for flag in FLAGS}
    separator = row.separator or (AttributeDefinition().separator if row.list else "")
    return {"type": row.type, "label": row.label, "separator": separator, **flags, **spelling}


def _refusal(name: str, reason: str) -> InvalidInput:
    return InvalidInput(f"{name}: {reason}", [{"field": f"attributes.{name}", "reason": reason}])
