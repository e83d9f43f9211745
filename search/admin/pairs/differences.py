"""Two texts side by side with the words marked in which they differ. Pure but for the escaping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from diff_match_patch import diff_match_patch  # type: ignore[import-untyped]
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from catalog.attributes.numbers import written_number

MAX_WORDS = 1_500  # of a text
MAX_SECONDS = 0.3  # for comparing two texts
FIRST_LETTER = 0x100
TOKEN = re.compile(r"\d+(?:[.,]\d+)+\b|\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of two items."""

    name: str
    left: SafeString
    right: SafeString
    is_same: bool


def mark_differences(left: str, right: str) -> tuple[SafeString, SafeString]:
    """Both texts as HTML, escaped, with `<mark>` around what the other one has not. Long texts are cut."""
    left_words, right_words = _tokens(left), _tokens(right)
    left_html, right_html = [], []
    left_at = right_at = 0
    for sign, length in _steps(left_words, right_words):
        if sign <= 0:
            part = "".join(left_words[left_at : left_at + length])
            left_html.append(_span(part, is_marked=sign < 0))
            left_at += length
        if sign >= 0:
            part = "".join(right_words[right_at : right_at + length])
            right_html.append(_span(part, is_marked=sign > 0))
            right_at += length
    return _join(left_html, left, left_words), _join(right_html, right, right_words)


def _steps(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[int, int]]:
    """How many words are only left (-1), only right (1) or the same (0), in turn.

    The comparison works on characters, so each distinct word becomes one. It gives up refining after a while.
    """
    letters: dict[str, str] = {}
    texts = [
        "".join(letters.setdefault(_folded(word), chr(FIRST_LETTER + len(letters))) for word in words)
        for words in (left, right)
    ]
    comparison = diff_match_patch()
    comparison.Diff_Timeout = MAX_SECONDS
    for sign, text in comparison.diff_main(*texts, False):
        yield sign, len(text)


def compare_attributes(left: dict[str, Any], right: dict[str, Any]) -> list[Difference]:
    """A row for each attribute that one of them has, those that differ first."""
    rows = []
    for name in sorted({*left, *right}):
        marked = mark_differences(shown(left.get(name)), shown(right.get(name)))
        rows.append(Difference(name, *marked, is_same=left.get(name) == right.get(name)))
    return sorted(rows, key=lambda row: row.is_same)


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(text)[: 2 * MAX_WORDS]


def _folded(word: str) -> str:
    return " " if word.isspace() else word.casefold()


def _span(text: str, *, is_marked: bool) -> str:
    escaped = str(escape(text))
    return f'<mark class="akin-differs">{escaped}</mark>' if is_marked and text.strip() else escaped


def _join(parts: Sequence[str], text: str, words: Sequence[str]) -> SafeString:
    is_cut = len(text) > sum(map(len, words))
    return mark_safe("".join(parts) + (" …" if is_cut else ""))  # noqa: S308 - each part is escaped above


def shown(value: Any) -> str:
    """A value of an attribute as people read it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return written_number(value) if isinstance(value, float) else str(value)
