"""From a row of a table to an item: fields by the column map, attributes by the schema, ids made where none are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from django.utils.text import slugify

from catalog.attributes.codes import is_identifier
from catalog.attributes.inference import Columns
from catalog.attributes.reading import TEXT_TYPES, read_attributes
from catalog.errors import InvalidInput
from catalog.importing.columns import ColumnMap
from catalog.importing.formulas import arm
from catalog.json_text import read_json
from catalog.schemas import AttributeDefinition, ItemInput, parse_item

Schema = Mapping[str, AttributeDefinition]
MAX_STEM: Final = 80  # characters of the title in an id
LEAST_IDS: Final = 0.9  # share of different codes, where the others are repeated rows
TAIL: Final = 8  # characters of a digest


@dataclass(frozen=True, slots=True)
class IdMaker:
    """Ids for a table that has none: a column of codes, else the title, with a digest of the row if it is repeated."""

    column: str = ""
    title: str = ""
    repeated: frozenset[str] = field(default_factory=frozenset)

    @property
    def described(self) -> str:
        source = f"the column '{self.column}'" if self.column else f"the column '{self.title}'"
        return f"There is no column of ids: they are made from {source}, the same whenever the file is imported."

    def make(self, values: Mapping[str, Any]) -> str:
        if self.column:
            return _text(values.get(self.column))
        title = _text(values.get(self.title))
        stem = slugify(title, allow_unicode=True)[:MAX_STEM].strip("-")
        if stem and title not in self.repeated:
            return stem
        digest = hashlib.sha256(orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()
        return f"{stem}-{digest[:TAIL]}".strip("-")


def id_maker(columns: ColumnMap, survey: Columns) -> IdMaker | None:
    """None where the table has a column of ids."""
    if "external_id" in columns.fields:
        return None
    for column in columns.attributes:
        profile = survey.profiles.get(column)
        if profile is None or profile.counted < survey.rows or len(profile.texts) < LEAST_IDS * survey.rows:
            continue
        if is_identifier(column, profile):
            return IdMaker(column=column)
    title = columns.fields.get("title") or columns.fields["body"]
    texts = survey.profiles[title].texts if title in survey.profiles else {}
    stems: dict[str, list[str]] = {}
    for text in texts:
        stems.setdefault(slugify(text, allow_unicode=True)[:MAX_STEM].strip("-"), []).append(text)
    alike = {text for found in stems.values() if len(found) > 1 for text in found}
    return IdMaker(title=title, repeated=frozenset({text for text, count in texts.items() if count > 1} | alike))


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of a table."""

    columns: ColumnMap
    schema: Schema
    ids: IdMaker | None
    collection_slug: str = ""

    def external_id(self, values: Mapping[str, Any]) -> str:
        return self.ids.make(values) if self.ids else arm(_text(values.get(self.columns.fields["external_id"])))

    def item(self, values: Mapping[str, Any], stored: Mapping[str, Any] | None) -> ItemInput:
        """The checked item; what the table has no column for stays as it is stored. Raises InvalidInput."""
        if (slug := _text(values.get("collection"))) and slug != self.collection_slug:
            raise InvalidInput(f"collection: it belongs to '{slug}', and this is '{self.collection_slug}'")
        given = {name: _cell(values.get(column)) for name, column in self.columns.fields.items() if column in values}
        if not given.get("status"):
            given.pop("status", None)
        item = {**(stored or {}), **given, "external_id": self.external_id(values)}
        item["attributes"] = self._attributes(values, (stored or {}).get("attributes") or {})
        return parse_item(item)

    def _attributes(self, values: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        attributes = dict(stored)
        given: dict[str, Any] = {}
        for column, name in self.columns.attributes.items():
            value = values.get(column)
            if column == "attributes":
                given |= _json(value)
            elif value not in (None, "", []) and str(value).strip():
                given[name] = self._fitting(name, value)
            elif column in values:
                attributes.pop(name, None)
        return {**attributes, **read_attributes(self.schema, given)}

    def _fitting(self, name: str, value: Any) -> Any:
        """Codes that a workbook keeps as numbers are text."""
        if isinstance(value, str):
            return arm(value)
        is_text = name in self.schema and self.schema[name].type in TEXT_TYPES
        return _text(value) if is_text and isinstance(value, int | float) and not isinstance(value, bool) else value


def _json(value: Any) -> dict[str, Any]:
    """A column named `attributes` holds them as one JSON object, as an export writes it."""
    try:
        attributes = read_json(value or "{}") if isinstance(value, str) else value or {}
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"attributes: not JSON: {error}") from error
    if not isinstance(attributes, dict):
        raise InvalidInput("attributes: must be a JSON object")
    return attributes


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return arm(value)
    return value if isinstance(value, list | dict) else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
