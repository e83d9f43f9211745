"""Tables as text: which mark separates the columns, and the rows with their line numbers."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from catalog.errors import InvalidInput
from catalog.importing.encodings import ENCODING_NAMES, detect_encoding
from catalog.importing.rows import MAX_LINE_BYTES, Row, Source

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_ROWS: Final = 50
CHUNK: Final = 1 << 20  # bytes
UNCLOSED: Final = "a quotation mark is opened and not closed"
DAMAGE: Final = (OSError, EOFError, zlib.error)

_NOT_TEXT = re.compile(r"[\udc80-\udcff]")  # how surrogateescape shows single bytes


def csv_source(path: Path, *, encoding: str = "", delimiter: str = "") -> Source:
    """Raises InvalidInput when the first line names no columns."""
    csv.field_size_limit(MAX_LINE_BYTES)
    encoding = encoding or detect_encoding(_chunks(path))
    delimiter = delimiter or _delimiter(path, encoding)
    with _text(path, encoding) as (text, _):
        columns = _header(csv.reader(text, delimiter=delimiter))
    named = ENCODING_NAMES.get(encoding, encoding)
    description = f"CSV, {named}, columns separated by {DELIMITERS.get(delimiter, delimiter)}"
    return Source(description, lambda: _rows(path, encoding, delimiter, columns), columns=columns)


def open_binary(path: Path) -> BinaryIO:
    """The file's content, unpacked where its name ends in .gz."""
    return cast("BinaryIO", gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb"))


def _chunks(path: Path) -> Iterator[bytes]:
    with open_binary(path) as stream:
        try:
            while chunk := stream.read(CHUNK):
                yield chunk
        except DAMAGE:
            return  # reading the rows tells where


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[tuple[TextIO, BinaryIO]]:
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    with path.open("rb") as raw:
        is_packed = path.name.lower().endswith(".gz")
        stream = gzip.open(raw) if is_packed else raw  # noqa: SIM115 - the wrapper below closes it
        with io.TextIOWrapper(cast("BinaryIO", stream), encoding=encoding, errors=errors, newline="") as text:
            yield text, raw


def _delimiter(path: Path, encoding: str) -> str:
    """The mark that cuts most of the first rows into as many parts as the header, and into the most."""
    return max(DELIMITERS, key=lambda delimiter: _regularity(path, encoding, delimiter))


def _regularity(path: Path, encoding: str, delimiter: str) -> tuple[float, int]:
    with _text(path, encoding) as (text, _):
        try:
            rows = [row for row in islice(csv.reader(text, delimiter=delimiter), SAMPLE_ROWS) if row]
        except (csv.Error, *DAMAGE):
            rows = []
    if not rows or len(rows[0]) == 1:
        return 0.0, 0
    return round(sum(len(row) == len(rows[0]) for row in rows) / len(rows), 1), len(rows[0])


def _header(reader: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        names = [name.strip() for name in next((row for row in reader if any(cell.strip() for cell in row)), [])]
    except (csv.Error, *DAMAGE) as error:
        raise InvalidInput(f"Line 1 cannot be read: {error}.") from error
    return named_columns(names)


def named_columns(names: list[str]) -> tuple[str, ...]:
    """The names of the columns; one without a name is called by its place. Raises InvalidInput."""
    if not any(names):
        raise InvalidInput("The file is empty: its first line must name the columns.")
    while not names[-1]:
        names.pop()
    columns = tuple(name or f"column {place}" for place, name in enumerate(names, start=1))
    if twice := [name for name, count in Counter(columns).items() if count > 1]:
        raise InvalidInput(f"Line 1 names the column '{twice[0]}' twice: give each column a name of its own.")
    return columns


class _Lines:
    """The lines of a text, of which those of a record that cannot be read may be read again."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.number = 0  # of the lines before the record
        self.taken: list[str] = []  # by the record

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.taken.append(self._again.popleft() if self._again else next(self._text))
        return self.taken[-1]

    def begin(self) -> None:
        self.number += len(self.taken)
        self.taken = []

    def keep_the_first(self) -> None:
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _rows(path: Path, encoding: str, delimiter: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """A record that a quotation mark is missing from costs its own line, not those after it."""
    with _text(path, encoding) as (text, raw):
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        has_header = False
        while True:
            lines.begin()
            number, reason = lines.number + 1, ""
            try:
                cells = next(reader, None)
            except csv.Error as error:
                cells, reason = _mended(lines, delimiter, error)
            except DAMAGE as error:
                yield Row(number, raw.tell(), reason=f"the file is damaged from here on: {error}")
                return
            if cells is None:
                return
            if not any(cell.strip() for cell in cells) and not reason:
                continue
            if has_header:
                row = _row(number, raw.tell(), cells, columns)
                yield replace(row, reason=reason) if reason else row
            has_header = True


def _mended(lines: _Lines, delimiter: str, error: csv.Error) -> tuple[list[str], str]:
    """The cells of the first line alone, and what is wrong with it beyond quotes where none belong."""
    is_open = len(lines.taken) > 1 or "unexpected end" in str(error)
    lines.keep_the_first()
    try:
        cells = next(csv.reader(lines.taken, delimiter=delimiter), [])
    except csv.Error:
        return [], f"not CSV: {error}"
    return cells, UNCLOSED if is_open else ""


def _row(number: int, read: int, cells: list[str], columns: tuple[str, ...]) -> Row:
    while len(cells) > len(columns) and not cells[-1].strip():
        cells.pop()
    values = dict(zip(columns, cells, strict=False))
    if len(cells) > len(columns):
        values[columns[-1]] = ",".join(cells[len(columns) - 1 :])  # all of it is there to be mended
        reason = f"more fields than the first line has columns: {len(cells)} for {len(columns)}"
        return Row(number, read, values=values, reason=reason)
    if any(_NOT_TEXT.search(cell) for cell in cells):
        shown = {name: _NOT_TEXT.sub("\ufffd", cell) for name, cell in values.items()}
        return Row(number, read, values=shown, reason="not UTF-8")
    return Row(number, read, values=values)
