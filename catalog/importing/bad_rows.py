"""The rows that did not land, as a file to mend: as they were, with line and reason in columns of their own."""

from __future__ import annotations

import csv
from types import TracebackType
from typing import Any, Self, TextIO

import orjson

from catalog.importing.rows import REPORT_COLUMNS, Row


class BadRows:
    """Writes rows as CSV, those of JSON files as JSON lines."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.count = 0
        self._writer: Any = None

    def add(self, row: Row, reason: str) -> None:
        self.count += 1
        if row.raw:
            self.stream.write(f"{row.raw}\n")
            return
        values = row.values or {}
        if self._writer is None:
            self._writer = csv.writer(self.stream)
            self._writer.writerow([*REPORT_COLUMNS, *values])
        self._writer.writerow([row.number, reason, *(_cell(value) for value in values.values())])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stream.close()


def _cell(value: Any) -> str:
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)
