"""Numbers as people write them: decimal commas, thousand separators, currency signs."""

from __future__ import annotations

import math
import re
from typing import Final, Literal

Decimal = Literal[".", ","]

MAX_EXACT: Final = 2**63  # whole numbers that JSON's readers keep as such

_CURRENCY = r"(?:€|\$|£|¥|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|JPY)"
_MONEY = re.compile(rf"([+-]?)\s*(?:{_CURRENCY})?\s*([+-]?[0-9.,][0-9.,eE+-]*)\s*(?:{_CURRENCY})?")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f'’](?=[0-9]{3}(?:[^0-9]|$))")  # between groups of three digits
_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:[.,][0-9]{3})+")


def read_number(text: str, decimal: Decimal = ".") -> int | float:
    """The number that the text writes. Where one mark could be either, `decimal` says which it is.

    Raises ValueError.
    """
    plain = _plain(text, decimal)
    number = float(plain) if _PLAIN.fullmatch(plain) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"'{text[:60]}' is not a number")
    return int(plain) if abs(number) < MAX_EXACT and plain.lstrip("+-").isdigit() else number


def read_typed(text: str, decimal: Decimal = ".") -> float:
    """As programs write numbers, so that 1.234 is no thousand; else as people do. Raises ValueError."""
    try:
        return float(text)
    except ValueError:
        return float(read_number(text, decimal))


def written_number(number: float) -> str:
    """As people write it: a whole number without `.0`."""
    return str(int(number)) if abs(number) < MAX_EXACT and number == int(number) else str(number)


def decimal_mark_of(text: str) -> Decimal | None:
    """The decimal mark, where the text leaves no doubt; None for whole numbers and for `1,234`."""
    digits = _without_currency(text)
    if _is_ambiguous(digits):
        return None
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0 or digits.count(digits[last]) > 1:
        return None
    return "," if digits[last] == "," else "."


def _plain(text: str, decimal: Decimal) -> str:
    """With a point as the only mark; what is no number stays none."""
    digits = _without_currency(text)
    marks = {mark for mark in ".," if mark in digits}
    if len(marks) == 2:
        mark = max(".,", key=digits.rfind)
        whole, _, rest = digits.rpartition(mark)
        return f"{_ungrouped(whole)}.{rest}" if _GROUPS.fullmatch(whole) and mark not in whole else text
    if not marks:
        return digits
    (mark,) = marks
    if digits.count(mark) > 1 or (mark != decimal and _is_ambiguous(digits)):
        return _ungrouped(digits) if _GROUPS.fullmatch(digits) else text
    return digits.replace(mark, ".")


def _without_currency(text: str) -> str:
    stripped = _SPACES.sub("", text.strip().replace("\u2212", "-"))
    found = _MONEY.fullmatch(stripped)
    return found[1] + found[2] if found else stripped


def _is_ambiguous(digits: str) -> bool:
    """Whether the one mark may separate thousands as well as decimals."""
    return sum(digits.count(mark) for mark in ".,") == 1 and bool(_GROUPS.fullmatch(digits))


def _ungrouped(digits: str) -> str:
    return digits.replace(",", "").replace(".", "")
