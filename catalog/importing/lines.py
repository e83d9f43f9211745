"""A file as checked items, for whoever reads items without storing them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import InvalidInput
from catalog.importing.items import RowReader, id_maker
from catalog.importing.rows import Row
from catalog.importing.source import open_source
from catalog.importing.survey import Choices, survey
from catalog.schemas import ItemInput, parse_item


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: the item, or the reason why it is none. `read` is how far the file was read, in bytes."""

    number: int
    read: int
    item: ItemInput | None = None
    reason: str = ""


@contextmanager
def open_lines(path: Path) -> Iterator[Iterator[Line]]:
    """The lines of a file. Raises InvalidInput when it cannot be read."""
    source = open_source(path)
    reader = None
    if not source.is_items:
        found = survey(source, Choices())
        reader = RowReader(found.map, {}, id_maker(found.map, found.columns)) if found.map else None
    yield (_line(row, reader) for row in source.read())


def _line(row: Row, reader: RowReader | None) -> Line:
    if row.reason or row.values is None:
        return Line(row.number, row.read, reason=row.reason)
    try:
        item = reader.item(row.values, None) if reader else parse_item(row.values)
    except InvalidInput as error:
        return Line(row.number, row.read, reason=error.message)
    return Line(row.number, row.read, item=item)
