"""The first look at a file: its columns, what they hold, and the schema found in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from catalog.attributes.inference import Columns
from catalog.importing.columns import ColumnMap, map_columns
from catalog.importing.rows import Source

MAX_COLUMNS: Final = 500


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person says of a file: columns by field, columns to leave out, how the text is written."""

    columns: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    kept: tuple[str, ...] = ()  # columns that are attributes, whatever their names


@dataclass(frozen=True, slots=True)
class Survey:
    """`columns` of the table, `attributes` as they will be named; `map` is None for item lines."""

    columns: Columns
    attributes: Columns
    map: ColumnMap | None


def survey(source: Source, choices: Choices) -> Survey:
    """Reads the whole file once. Raises InvalidInput when no column can be the title."""
    columns = Columns(limit=MAX_COLUMNS)
    attributes = Columns()
    for row in source.read():
        if row.values is None or row.reason:
            continue
        if source.is_items:
            found = row.values.get("attributes")
            attributes.add(found if isinstance(found, dict) else {})
        else:
            columns.add(row.values)
            if isinstance(found := row.values.get("attributes"), dict):
                attributes.add(found)
    if source.is_items or (source.is_json and not columns.profiles):
        return Survey(columns, attributes, None)
    names: Iterable[str] = source.columns or tuple(columns.profiles)
    statuses = columns.profiles["status"].texts if "status" in columns.profiles else ()
    mapped = map_columns(names, chosen=choices.columns, ignored=choices.ignored, statuses=statuses, kept=choices.kept)
    for column, name in mapped.attributes.items():
        if column in columns.profiles and column != "attributes":
            attributes.profiles[name] = columns.profiles[column]
    attributes.rows = columns.rows
    return Survey(columns, attributes, mapped)
