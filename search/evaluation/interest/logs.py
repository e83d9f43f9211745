"""Reading a log of who took to which item when: CSV or JSON lines, dates in any usual form."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from dateutil import parser as dates

from catalog.errors import InvalidInput
from catalog.importing.report import Problem
from search.insight.interest.crowd import Log

NAMES: Final = {
    "user": ("user", "user_id", "userid", "person", "subject", "visitor", "visitor_id", "visitorid", "session"),
    "item": ("item", "item_id", "itemid", "external_id", "product", "product_id"),
    "time": ("time", "timestamp", "at", "date", "datetime", "created_at"),
}
DAY = 86_400.0
MILLISECONDS = 1e11  # of the epoch: as seconds that would be in the year 5138
MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class EventLog:
    """The events by numbers, with the names that the numbers stand for; the oldest first, each once."""

    log: Log
    people: list[str]
    items: list[str]
    repeated: int
    problems: list[Problem]


def load_log(path: Path) -> EventLog:
    """Raises InvalidInput where the file cannot be read or holds no event."""
    rows: set[tuple[str, str, float]] = set()
    problems: list[Problem] = []
    count = 0
    for number, row in _rows(path):
        try:
            rows.add((_name(row, "user"), _name(row, "item"), _seconds(_value(row, "time"))))
            count += 1
        except (ValueError, OverflowError) as error:
            problems.append(Problem(number, str(error) or "no event"))
    if not rows:
        reason = f" Line {problems[0].line}: {problems[0].reason}." if problems else ""
        raise InvalidInput(f"{path}: there is no event in it.{reason}")
    ordered = sorted(rows, key=lambda row: (row[2], row[0], row[1]))
    people = sorted({person for person, _, _ in ordered})
    items = sorted({item for _, item, _ in ordered})
    return EventLog(_numbered(ordered, people, items), people, items, count - len(rows), problems)


def _numbered(rows: list[tuple[str, str, float]], people: list[str], items: list[str]) -> Log:
    person_rows = {name: n for n, name in enumerate(people)}
    item_rows = {name: n for n, name in enumerate(items)}
    return Log(
        np.array([person_rows[person] for person, _, _ in rows], dtype=np.int64),
        np.array([item_rows[item] for _, item, _ in rows], dtype=np.int64),
        np.array([seconds / DAY for _, _, seconds in rows]),
        np.ones(len(rows)),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path}: not UTF-8.") from error
    is_json = text.lstrip()[:1] == "{"
    return _json_rows(text.split("\n")) if is_json else _csv_rows(path, text)


def _json_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = {}
        yield number, row if isinstance(row, dict) else {}


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """With a line of names in any order, or without one in the order user, item, time."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    if delimiter not in first:
        raise InvalidInput(f"{path}: the lines must have user, item and time, separated by commas.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] | None = None
    for values in reader:
        if not any(value.strip() for value in values):
            continue
        if names is None:
            lowered = [value.strip().lower() for value in values]
            is_header = all(set(lowered) & set(known) for known in NAMES.values())
            names = lowered if is_header else list(NAMES)
            if is_header:
                continue
        yield reader.line_num, dict(zip(names, values, strict=False))


def _value(row: dict[str, Any], name: str) -> Any:
    for known in NAMES[name]:
        if row.get(known) not in (None, ""):
            return row[known]
    raise ValueError(f"no {name}")


def _name(row: dict[str, Any], name: str) -> str:
    value = _value(row, name)
    if isinstance(value, dict | list | bool):
        raise ValueError(f"{name} must be a text or a number")  # noqa: TRY004  one error for all that is wrong
    return str(value).strip()


def _seconds(value: Any) -> float:
    """Since 1970, from a number of seconds or milliseconds or from a date; without a zone it is UTC."""
    if isinstance(value, bool | dict | list):
        raise ValueError("time must be a number or a date")  # noqa: TRY004
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return _seconds_of_date(text)
    if not np.isfinite(number):
        raise ValueError(f"'{text[:50]}' is no time")
    while abs(number) >= MILLISECONDS:
        number /= 1_000  # milliseconds, microseconds or nanoseconds
    return number


def _seconds_of_date(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = dates.parse(text[:100])
        except (ValueError, OverflowError) as error:
            raise ValueError(f"'{text[:50]}' is no time") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
