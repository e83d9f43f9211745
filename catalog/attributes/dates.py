"""Dates as people write them, read into ISO 8601, which sorts as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final, Literal

Order = Literal["", "dmy", "mdy"]

_ISO_DAY = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}")
_ISO_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}.*)")
_LESS_THAN_A_DAY = re.compile(r"(?:1[0-9]|20|21)[0-9]{2}(?:-(?:0[1-9]|1[0-2]))?")
_DOTTED = re.compile(r"([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})")
_SLASHED = re.compile(r"([0-9]{1,2})([/-])([0-9]{1,2})\2([0-9]{4})")
_MAY_BE_WORDED = re.compile(r"[A-Za-z]{3,9} [0-9]{1,2},? [0-9]{4}|[0-9]{1,2}[. -]{1,2}[A-Za-z]{3,9}[ -][0-9]{4}")
_WORDED: Final = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%b %d %Y", "%d-%b-%Y", "%d. %B %Y")


def read_date(text: str, order: Order = "") -> str:
    """The day, moment, month or year in ISO 8601. `order` says what `03/04/2026` means. Raises ValueError."""
    cleaned = " ".join(text.split())
    for read in (_iso, _dotted, lambda cleaned: _slashed(cleaned, order), _worded):
        found = _tried(read, cleaned)
        if found is not None:
            return found
    if _SLASHED.fullmatch(cleaned) and len(orders_of(cleaned)) == 2:
        raise ValueError(f"'{cleaned}' may be day/month or month/day: write it as in 2026-03-31")
    raise ValueError(f"'{text[:60]}' is not a date, as in 2026-03-31")


def orders_of(text: str) -> frozenset[Order]:
    """The orders in which a date with slashes is one; both where it says the same, none for another spelling."""
    found = _SLASHED.fullmatch(text.strip())
    if found is None:
        return frozenset()
    orders: tuple[Order, ...] = ("dmy", "mdy")
    return frozenset(order for order in orders if _tried(lambda cleaned: _ordered(cleaned, order), text.strip()))  # noqa: B023


def _tried(read: Callable[[str], str | None], text: str) -> str | None:
    try:
        return read(text)
    except ValueError:
        return None


def _iso(text: str) -> str | None:
    if _ISO_DAY.fullmatch(text):
        year, month, day = (int(part) for part in re.split("[-/.]", text))
        return date(year, month, day).isoformat()
    if _LESS_THAN_A_DAY.fullmatch(text):
        return text
    if found := _ISO_MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(f"{found[1]}T{found[2].replace(' ', '')}")
        is_midnight = moment.tzinfo is None and moment.time() == datetime.min.time()
        return moment.date().isoformat() if is_midnight else moment.isoformat()
    return None


def _dotted(text: str) -> str | None:
    found = _DOTTED.fullmatch(text)
    return date(int(found[3]), int(found[2]), int(found[1])).isoformat() if found else None


def _slashed(text: str, order: Order) -> str | None:
    orders = orders_of(text)
    if order:
        return _ordered(text, order) if order in orders else None
    readings = {_ordered(text, possible) for possible in orders}
    return readings.pop() if len(readings) == 1 else None


def _ordered(text: str, order: Order) -> str | None:
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    day, month = (first, second) if order == "dmy" else (second, first)
    return date(year, month, day).isoformat()


def _worded(text: str) -> str | None:
    if not _MAY_BE_WORDED.fullmatch(text):
        return None
    for pattern in _WORDED:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    return None
