"""The piece of an item's text that shows why it was found, with the query's words marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from search.retrieval.query.stemming import stem
from search.retrieval.types import Snippet

SNIPPET_LENGTH = 240  # characters
MARGIN = 60  # characters shown before the first marked word
SHARED_PREFIX = 2  # first letters that a word and its stem have in common, in every Snowball language

_WORD = re.compile(r"\w+(?:['’]\w+)?")
_SPACE = re.compile(r"\s+")

Span = tuple[int, int]


def marks_of(text: str, lexemes: Collection[str], language: str) -> list[Span]:
    """The words of the text whose stem is one of the lexemes, as (start, end) characters."""
    prefixes = {lexeme[:SHARED_PREFIX] for lexeme in lexemes}
    return [
        match.span()
        for match in _WORD.finditer(text)
        if (word := match[0].lower())[:SHARED_PREFIX] in prefixes
        and (word in lexemes or stem(word, language) in lexemes)
    ]


def title_snippet(title: str, lexemes: Collection[str], language: str) -> Snippet:
    """The whole title with its marks."""
    return Snippet(title, tuple(marks_of(title, lexemes, language)))


def body_snippet(body: str, weights: dict[str, float], language: str, passage: Span | None = None) -> Snippet:
    """The window of the body with the heaviest marked words, else the start of the best passage.

    `weights` are the query's lexemes with their IDF, `passage` the best passage as characters of the body.
    """
    marks = marks_of(body, weights, language)
    start = _best_start(body, marks, weights, language) if marks else (passage[0] if passage else 0)
    start = _word_start(body, max(start, 0))
    end = _word_end(body, min(start + SNIPPET_LENGTH, len(body)))
    return _collapse(body, start, end, [m for m in marks if start <= m[0] and m[1] <= end])


def _best_start(body: str, marks: list[Span], weights: dict[str, float], language: str) -> int:
    """Slides over the marks: a window counts each word once, by its weight."""
    best, best_weight = marks[0][0], -1.0
    for first, (start, _) in enumerate(marks):
        words = {
            _lexeme(body[s:e].lower(), weights, language)
            for s, e in marks[first : first + 40]
            if e <= start - MARGIN + SNIPPET_LENGTH
        }
        weight = sum(weights.get(word, 0.0) for word in words)
        if weight > best_weight + 1e-9:
            best, best_weight = start, weight
    return 0 if best < SNIPPET_LENGTH - MARGIN and best == marks[0][0] and best <= MARGIN else best - MARGIN


def _lexeme(word: str, weights: dict[str, float], language: str) -> str:
    return word if word in weights else stem(word, language)


def _word_start(body: str, start: int) -> int:
    if start <= 0 or body[start - 1 : start].isspace():
        return max(start, 0)
    space = body.find(" ", start)
    return start if space < 0 or space - start > MARGIN else space + 1


def _word_end(body: str, end: int) -> int:
    if end >= len(body):
        return len(body)
    space = body.rfind(" ", 0, end)
    return end if space < 0 or end - space > MARGIN else space


def _collapse(body: str, start: int, end: int, marks: Iterable[Span]) -> Snippet:
    """White space becomes single blanks, and the marks move with the text; dots show where the text goes on."""
    text, positions = "… " if start > 0 else "", []
    cursor = start
    for mark_start, mark_end in marks:
        text += _SPACE.sub(" ", body[cursor:mark_start])
        positions.append((len(text), len(text) + mark_end - mark_start))
        text += body[mark_start:mark_end]
        cursor = mark_end
    text += _SPACE.sub(" ", body[cursor:end]).rstrip()
    return Snippet(text + (" …" if end < len(body) else ""), tuple(positions))
