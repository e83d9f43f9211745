"""Reading items from files and landing them in batches; a bad line is reported and the others land."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import math
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import orjson

from catalog.errors import InvalidInput
from catalog.formulas import arm
from catalog.json_text import read_json
from catalog.models import Collection, Run
from catalog.schemas import ItemInput, parse_attribute_schema, parse_item
from catalog.services.bulk import upsert_each

BATCH_SIZE = 500  # items in one transaction
MAX_LINE_BYTES = 2_000_000
MAX_REPORTED_PROBLEMS = 1_000
SUFFIXES = (".jsonl", ".jsonl.gz", ".csv")
CSV_COLUMNS = ("external_id", "title", "body", "url", "image", "status")
MAX_EXACT = 2**63  # whole numbers that JSON's readers keep as such

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")  # how surrogateescape shows single bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line did not land."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: the item, or the reason why it is none. `read` is how far the file was read, in bytes."""

    number: int
    read: int
    item: ItemInput | None = None
    reason: str = ""


@dataclass(slots=True)
class ImportReport:
    """How many lines became what. `problems` keeps the first thousand; `bad` counts them all."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: int = 0
    is_cancelled: bool = False
    problems: list[Problem] = field(default_factory=list)

    @property
    def landed(self) -> int:
        return self.created + self.updated + self.unchanged

    def add_problem(self, line: int, reason: str) -> None:
        self.bad += 1
        if len(self.problems) < MAX_REPORTED_PROBLEMS:
            self.problems.append(Problem(line, reason))


def import_file(
    *,
    path: Path,
    collection: Collection,
    run: Run,
    on_progress: Callable[[int, ImportReport], None] = lambda read, report: None,
) -> ImportReport:
    """Imports the file batch by batch; `on_progress` gets the bytes read so far. Raises InvalidInput for the file.

    Stops between two batches when the run's cancellation is asked for; what has landed stays.
    """
    report = ImportReport()
    schema = parse_attribute_schema(collection.attribute_schema)
    numbers = frozenset(name for name, definition in schema.items() if definition.type == "number")
    with open_lines(path, numbers=numbers) as lines:
        while batch := list(islice(lines, BATCH_SIZE)):
            _land(collection, batch, report)
            on_progress(batch[-1].read, report)
            if _save_progress(run, report):
                report.is_cancelled = True
                break
    return report


@contextmanager
def open_lines(path: Path, *, numbers: AbstractSet[str] = frozenset()) -> Iterator[Iterator[Line]]:
    """The lines of a .jsonl, .jsonl.gz or .csv file. Raises InvalidInput when it cannot be read.

    A CSV has text only: the attributes in `numbers` become numbers where they are written as such.
    """
    check_file(path)
    with path.open("rb") as raw:
        if not path.name.endswith(".csv"):
            yield _json_lines(raw, path)
            return
        with io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            yield _csv_lines(text, raw, numbers)


def check_file(path: Path) -> None:
    """Raises InvalidInput unless the file can be opened and has one of the known endings."""
    if not path.name.endswith(SUFFIXES):
        raise InvalidInput(f"{path}: the name must end in {', '.join(SUFFIXES)}.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.") from error


def _json_lines(raw: BinaryIO, path: Path) -> Iterator[Line]:
    stream: BinaryIO = gzip.open(raw) if path.name.endswith(".gz") else raw  # type: ignore[assignment]  # noqa: SIM115 - the caller closes raw
    number = 0
    while True:
        try:
            text = stream.readline(MAX_LINE_BYTES + 1)
            if len(text) > MAX_LINE_BYTES:
                _skip_line(stream, text)
        except (OSError, EOFError, zlib.error) as error:
            yield Line(number + 1, raw.tell(), reason=f"the file is damaged from here on: {error}")
            return
        if not text:
            return
        number += 1
        if len(text) > MAX_LINE_BYTES:
            yield Line(number, raw.tell(), reason=f"longer than {MAX_LINE_BYTES:,} bytes")
        elif text := text.removeprefix(codecs.BOM_UTF8).strip():
            yield _json_line(number, raw.tell(), text)


def _skip_line(stream: BinaryIO, text: bytes) -> None:
    while text and not text.endswith(b"\n"):
        text = stream.readline(MAX_LINE_BYTES)


def _json_line(number: int, read: int, text: bytes) -> Line:
    try:
        return Line(number, read, item=parse_item(read_json(text)))
    except orjson.JSONDecodeError as error:
        return Line(number, read, reason=f"not JSON: {error}")
    except InvalidInput as error:
        return Line(number, read, reason=error.message)


def _csv_lines(text: TextIO, raw: BinaryIO, numbers: AbstractSet[str]) -> Iterator[Line]:
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.DictReader(text)
    if "external_id" not in _header(reader):
        raise InvalidInput("The first line of the CSV must name the columns, with external_id among them.")
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Line(reader.line_num + 1, raw.tell(), reason=f"not CSV: {error}")
            continue
        if row is None:
            return
        yield _csv_line(reader.line_num, raw.tell(), row, numbers)


def _header(reader: csv.DictReader[str]) -> Sequence[str]:
    try:
        return reader.fieldnames or ()
    except csv.Error as error:
        raise InvalidInput(f"The first line is not CSV: {error}.") from error


def _csv_line(number: int, read: int, row: dict[str | Any, str | Any], numbers: AbstractSet[str]) -> Line:
    if None in row:
        return Line(number, read, reason="more fields than the first line has columns")
    if any(_NOT_UTF8.search(value) for value in row.values() if value):
        return Line(number, read, reason="not UTF-8")
    try:
        return Line(number, read, item=parse_item(_csv_item(row, numbers)))
    except InvalidInput as error:
        return Line(number, read, reason=error.message)


def _csv_item(row: dict[str, str | None], numbers: AbstractSet[str]) -> dict[str, Any]:
    """The plain columns are the item's fields, every other one is an attribute; empty cells are left out."""
    filled = {name: arm(value) for name, value in row.items() if value}
    item: dict[str, Any] = {name: value for name, value in filled.items() if name in CSV_COLUMNS}
    attributes = {name.removeprefix("attributes."): value for name, value in filled.items() if name not in CSV_COLUMNS}
    item["attributes"] = _json_attributes(attributes.pop("attributes", "")) | {
        name: _number(value) if name in numbers else value for name, value in attributes.items()
    }
    return item


def _json_attributes(cell: str) -> dict[str, Any]:
    """A column of that name holds attributes as a JSON object, as an export writes it."""
    try:
        attributes = read_json(cell or "{}")
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"attributes: not JSON: {error}") from error
    if not isinstance(attributes, dict):
        raise InvalidInput("attributes: must be a JSON object")
    return attributes


def _number(text: str) -> str | int | float:
    """The number that the text writes, else the text as it is: JSON files may hold it as well."""
    if not _NUMBER.fullmatch(text.strip()):
        return text
    number = float(text)
    if not math.isfinite(number):
        return text
    return int(text) if abs(number) < MAX_EXACT and text.strip().lstrip("+-").isdigit() else number


def _land(collection: Collection, batch: list[Line], report: ImportReport) -> None:
    for line in batch:
        if line.item is None:
            report.add_problem(line.number, line.reason)
    items = [line.item for line in batch if line.item is not None]
    numbers = [line.number for line in batch if line.item is not None]
    for number, result in zip(numbers, upsert_each(collection=collection, entries=items), strict=True):
        if result.error is not None:
            report.add_problem(number, result.error.message)
        else:
            setattr(report, result.outcome, getattr(report, result.outcome) + 1)


def _save_progress(run: Run, report: ImportReport) -> bool:
    run.done, run.failed = report.landed, report.bad
    run.save(update_fields=["done", "failed", "heartbeat_at"])
    run.refresh_from_db(fields=["cancel_requested"])
    return run.cancel_requested
