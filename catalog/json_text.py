"""JSON in and out without losing a digit: numbers that cannot be kept exactly are read as such, and refused by name."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import orjson

LEAST_NUMBER, MOST_NUMBER = -(2**63), 2**64 - 1  # whole numbers that JSON readers hold exactly

MAX_DIGITS = 300

# A double keeps 15 digits whatever they are; longer numbers and exponents are looked at one by one.
_DOUBTFUL = re.compile(rb"[\d.]{16,}|\d[eE][+-]?\d")


def read_json(text: bytes | str) -> Any:
    """The value, where a number that would lose digits is a Decimal. Raises orjson.JSONDecodeError.

    NaN, infinity, half characters and text nested too deeply are no JSON.
    """
    text = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if not _DOUBTFUL.search(text):
        return orjson.loads(text)
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return _with_numbers_out_of_range(text, error)
    return _exactly(text)


def read_stored(text: str) -> Any:
    """What PostgreSQL holds, numbers of any length among it."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text, cls=StoredJSON)


class StoredJSON(json.JSONDecoder):
    """Reads what PostgreSQL holds: its numbers may have a hundred thousand digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parse_int=_whole, **options)


def write_json(value: Any) -> bytes:
    """As orjson writes it; whole numbers beyond 64 bits keep all their digits."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _with_numbers_out_of_range(text: bytes, error: orjson.JSONDecodeError) -> Any:
    """The value if nothing but such numbers is wrong with it, so that each can be refused by its name."""
    try:
        value = _exactly(text)
        orjson.dumps(value, default=str)
    except (ValueError, TypeError, RecursionError):
        raise error from None
    return value


def _exactly(text: bytes) -> Any:
    try:
        return json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=_refuse)
    except RecursionError as error:
        raise orjson.JSONDecodeError("nested too deeply", "", 0) from error


def _whole(digits: str) -> int | Decimal:
    """Beyond a double other programs cannot read it, and Python takes time that grows with the square of the digits."""
    return int(digits) if len(digits) <= MAX_DIGITS else Decimal(digits)


def _fraction(digits: str) -> float | Decimal:
    exact, kept = Decimal(digits), float(digits)
    return kept if exact == Decimal(repr(kept)) else exact


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _plain(value: Any) -> Any:
    """What json cannot write but orjson can, such as a date; a number beyond MAX_DIGITS as text."""
    return str(value) if isinstance(value, Decimal) else orjson.loads(orjson.dumps(value))


def names_of_lossy(value: Any, name: str = "") -> list[str]:
    """The keys under which `read_json` found a number that would lose digits."""
    if isinstance(value, dict):
        return [found for key, held in value.items() for found in names_of_lossy(held, str(key))]
    if isinstance(value, list):
        return [found for held in value for found in names_of_lossy(held, name)]
    return [name] if isinstance(value, Decimal) else []
