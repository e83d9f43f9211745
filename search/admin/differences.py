"""Two texts side by side with the words marked in which they differ. Pure but for the escaping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

MAX_WORDS = 1_500  # of a text; comparing takes time that grows with the square
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


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
    matcher = SequenceMatcher(None, _folded(left_words), _folded(right_words), autojunk=False)
    left_html, right_html = [], []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        left_html.append(_span("".join(left_words[i1:i2]), is_marked=tag != "equal"))
        right_html.append(_span("".join(right_words[j1:j2]), is_marked=tag != "equal"))
    return _join(left_html, left, left_words), _join(right_html, right, right_words)


def compare_attributes(left: dict[str, Any], right: dict[str, Any]) -> list[Difference]:
    """A row for each attribute that one of them has, those that differ first."""
    rows = []
    for name in sorted({*left, *right}):
        marked = mark_differences(_shown(left.get(name)), _shown(right.get(name)))
        rows.append(Difference(name, *marked, is_same=left.get(name) == right.get(name)))
    return sorted(rows, key=lambda row: row.is_same)


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(text)[: 2 * MAX_WORDS]


def _folded(words: Sequence[str]) -> list[str]:
    return [" " if word.isspace() else word.casefold() for word in words]


def _span(text: str, *, is_marked: bool) -> str:
    escaped = str(escape(text))
    return f'<mark class="akin-differs">{escaped}</mark>' if is_marked and text.strip() else escaped


def _join(parts: Sequence[str], text: str, words: Sequence[str]) -> SafeString:
    is_cut = len(text) > sum(map(len, words))
    return mark_safe("".join(parts) + (" …" if is_cut else ""))  # noqa: S308 - each part is escaped above


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
