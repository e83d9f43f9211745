"""Which columns hold codes that name one item: ISBN, EAN, SKU and what looks like them."""

from __future__ import annotations

import re
from typing import Final

from catalog.attributes.profile import Profile

LEAST_UNIQUE: Final = 0.98  # share of different values, where only the shape speaks for codes
LEAST_NAMED: Final = 0.8  # where the name does
LEAST_CHECKED: Final = 0.5  # where the last digit does
MAX_CODE_LENGTH: Final = 40  # characters
CHECKED: Final = 0.8  # share of values whose check digit is right

NAMES: Final = frozenset({
    "isbn", "isbn10", "isbn13", "issn", "sku", "ean", "ean13", "gtin", "gtin13", "upc", "asin", "mpn", "doi", "id",
    "uid", "uuid", "code", "ref", "reference", "barcode",
})  # fmt: skip
VAGUE: Final = frozenset({"id", "code", "ref", "reference"})  # only as the whole name
NUMBERED: Final = frozenset({
    "part", "article", "item", "order", "model", "serial", "product", "catalog", "catalogue", "inventory",
})  # fmt: skip
NUMBER_WORDS: Final = frozenset({"no", "nr", "num", "number", "code", "id"})
PLACES: Final = frozenset({
    "zip", "postal", "postcode", "plz", "country", "area", "region", "colour", "color", "language", "currency", "hs",
})  # fmt: skip

_NO_LETTERS = re.compile(r"[^0-9A-Za-z]+")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_MEASURE = re.compile(r"[0-9]+(?:[.,][0-9]+)?\s*[A-Za-z%°\"']{1,4}")
_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+)+")
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}.*")
_PADDED = re.compile(r"0[0-9]+")
_PHONE = re.compile(r"\+[0-9]{7,}")


def is_padded(text: str) -> bool:
    """Whether digits begin with a zero or are too many for a number: a code, however much it looks like one."""
    return bool(_PADDED.fullmatch(text) or _PHONE.fullmatch(text)) or (text.isdigit() and len(text) > 15)


def is_identifier(name: str, profile: Profile) -> bool:
    """Whether the column names single items: most values differ, and they are codes by sum, name or shape."""
    different = len(profile.texts) / (profile.counted or 1)
    if profile.lists or profile.booleans or profile.share(_may_be_code) < 1:
        return False
    if has_check_digits(profile):
        return different >= LEAST_CHECKED
    if is_named_like_a_code(name):
        return different >= LEAST_NAMED and profile.share(_has_digit) >= CHECKED
    return different >= LEAST_UNIQUE and profile.share(_is_mixed) >= LEAST_UNIQUE


def has_check_digits(profile: Profile) -> bool:
    """Whether most values are ISBN or EAN by their last digit."""
    return profile.share(has_check_digit) >= CHECKED


def is_named_like_a_code(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = "".join(words)
    if PLACES & set(words):
        return False
    if joined in NAMES or set(words) & (NAMES - VAGUE):
        return True
    return bool(set(words) & NUMBERED and set(words) & NUMBER_WORDS) or (len(words) > 1 and words[-1] == "id")


def has_check_digit(text: str) -> bool:
    """Whether it is an ISBN-10, or an EAN, UPC, GTIN or ISBN-13 of 8, 12, 13 or 14 digits, by its last digit."""
    code = _NO_LETTERS.sub("", text).upper()
    if len(code) == 10 and code[:9].isdigit() and (code[9].isdigit() or code[9] == "X"):
        digits = [10 if mark == "X" else int(mark) for mark in code]
        return sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0
    if len(code) not in {8, 12, 13, 14} or not code.isdigit():
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code))) % 10 == 0


def _has_digit(text: str) -> bool:
    return any(mark.isdigit() for mark in text)


def _may_be_code(text: str) -> bool:
    is_other = any(pattern.fullmatch(text) for pattern in (_VERSION, _TIME))
    return 3 <= len(text) <= MAX_CODE_LENGTH and not is_other and "@" not in text and "/" not in text[:8]


def _is_mixed(text: str) -> bool:
    """Digits with letters or signs between them, without a blank, and no measure such as `350g`."""
    has_letters = any(mark.isalpha() for mark in text) or "-" in text
    return has_letters and _has_digit(text) and not re.search(r"\s", text) and not _MEASURE.fullmatch(text)
