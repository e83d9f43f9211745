"""The sentences of a text, for a hit that has none of the query's words to show. Pure."""

from __future__ import annotations

import re

MIN_LENGTH = 20  # characters; shorter pieces are headings, list marks and abbreviations, and join what follows

_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*\s+|\n\s*\n|\n(?=\s*[-*•])")

Span = tuple[int, int]


def sentences_of(text: str, start: int, end: int, limit: int) -> list[Span]:
    """The first sentences between two characters of the text, as (start, end) characters of it."""
    spans: list[Span] = []
    begin = start
    for match in _END.finditer(text, start, end):
        if match.end() - begin >= MIN_LENGTH:
            spans.append((begin, match.end()))
            begin = match.end()
            if len(spans) == limit:
                return spans
    if text[begin:end].strip():
        spans.append((begin, end))
    return spans
