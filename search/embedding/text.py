"""What of an item is embedded, and how long texts are cut into passages. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SENTENCE_END = re.compile(r"(?<=[.!?…。])\s+|\n+")

Offsets = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of an item's text."""

    start: int
    end: int


def embedded_text(title: str, body: str) -> str:
    """The text of an item that is embedded before its attribute values; the spans of its passages count in it."""
    return f"{title}\n{body}"


def embedded_values(attribute_texts: Sequence[str]) -> str:
    """What follows it: the attribute values of high and normal weight. Those of low weight are for words alone."""
    values = [value for text in attribute_texts[:2] for value in text.splitlines()]
    return "\n" + ", ".join(values) if values else ""


def span_lengths(spans: Sequence[Span]) -> npt.NDArray[np.float32]:
    """What each part of an item weighs in the vector of the whole."""
    return np.array([span.end - span.start for span in spans], dtype=np.float32)


def text_digest(title: str, body: str) -> bytes:
    """SHA-256 of title and body: the same 32 bytes as PostgreSQL's column `text_digest`."""
    return hashlib.sha256(embedded_text(title, body).encode()).digest()


def passage_spans(text: str, offsets: Offsets, max_tokens: int) -> list[Span]:
    """Cuts the text into spans of at most `max_tokens` tokens, at sentence ends where there are any.

    `offsets` are the characters of each token of the text, in order. A text that fits gives one span.
    """
    if len(offsets) <= max_tokens:
        return [Span(0, len(text))]
    ends = _sentence_ends(text)
    spans: list[Span] = []
    first = 0
    while first < len(offsets):
        last = min(first + max_tokens, len(offsets))
        if last < len(offsets):
            last = _cut(offsets, first, last, ends)
        spans.append(Span(offsets[first][0], offsets[last - 1][1]))
        first = last
    return spans


def _sentence_ends(text: str) -> list[int]:
    return [match.end() for match in SENTENCE_END.finditer(text)]


def _cut(offsets: Offsets, first: int, last: int, ends: Sequence[int]) -> int:
    """The token to cut before: the last sentence start in the second half of the window, or the window's end."""
    starts = set(ends)
    half = first + (last - first) // 2
    for token in range(last, half, -1):
        if any(position in starts for position in (offsets[token][0], offsets[token][0] - 1)):
            return token
    return last
