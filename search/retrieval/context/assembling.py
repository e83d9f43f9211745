"""Choosing passages one after the other: each text once, neighbours joined, within the budget. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from search.retrieval.context.tokens import WIDE, cut_at, tokens_of

SHINGLE: Final = 4  # words
SAME: Final = 0.8  # share of a passage's shingles that another has, from which on it says nothing new
RESERVED: Final = 99  # the number that a block is thought to have while it is measured

WORD: Final = re.compile(rf"[{WIDE}]|\w+")

Shingles = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """The item that passages are of; the spans count in its text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage and what stands around it: spans (start, end), the widest first, the passage itself last."""

    item_id: int
    spans: tuple[tuple[int, int], ...]
    score: float


@dataclass(slots=True)
class Piece:
    """A chosen span. `also_in` are other items that say the same."""

    item_id: int
    start: int
    end: int
    score: float
    also_in: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Assembled:
    """`left_out` counts the passages for which there was no room."""

    pieces: tuple[Piece, ...]
    left_out: int


def assemble(
    candidates: Sequence[Candidate], sources: Mapping[int, Source], *, limit: int, max_tokens: int | None
) -> Assembled:
    """The best passages first, as many as there is room for.

    for each candidate, best first: what is in a chosen piece adds nothing -> what another item has said is noted there
    -> the widest span for which there is room, joined with the pieces that it touches -> else it is left out
    """
    chosen = _Chosen(sources, limit, max_tokens)
    left_out = sum(not chosen.take(candidate) for candidate in candidates)
    if not chosen.pieces and candidates:
        chosen.take_cut(candidates[0])
        left_out -= bool(chosen.pieces)
    return Assembled(tuple(chosen.pieces), left_out)


def block(number: int, source: Source, start: int, end: int) -> str:
    """A passage as a language model reads it; the title stands above it, and is not said twice."""
    text = source.text[max(start, len(source.title)) if start == 0 else start : end].strip()
    return f"[{number}] {source.title}\n{text}".strip()


class _Chosen:
    def __init__(self, sources: Mapping[int, Source], limit: int, max_tokens: int | None) -> None:
        self.pieces: list[Piece] = []
        self._sources, self._limit, self._max_tokens = sources, limit, max_tokens
        self._spent = 0

    def take(self, candidate: Candidate) -> bool:
        """Whether nothing is lost: the passage is in, or its text is already."""
        core = candidate.spans[-1]
        if any(self._covers(piece, candidate.item_id, core) for piece in self.pieces):
            return True
        if (twin := self._said_by(candidate.item_id, core)) is not None:
            if candidate.item_id not in (twin.item_id, *twin.also_in):
                twin.also_in.append(candidate.item_id)
            return True
        return any(self._add(candidate, span) for span in candidate.spans)

    def take_cut(self, candidate: Candidate) -> None:
        """As much of the passage as there is room for; of a budget that holds no word, nothing."""
        (start, end), source = candidate.spans[-1], self._sources[candidate.item_id]
        room = (self._max_tokens or 0) - tokens_of(block(RESERVED, source, start, start)) - 1
        begin = max(start, len(source.title)) if start == 0 else start
        if room > 0 and (length := cut_at(source.text[begin:end], room)):
            self.pieces.append(Piece(candidate.item_id, start, begin + length, candidate.score))

    def _add(self, candidate: Candidate, span: tuple[int, int]) -> bool:
        own = [piece for piece in self.pieces if piece.item_id == candidate.item_id]
        touched = [piece for piece in own if self._touches(piece, span, is_wide=len(candidate.spans) > 1)]
        if not touched and len(self.pieces) >= self._limit:
            return True  # enough is there
        start, end = min([span[0], *(p.start for p in touched)]), max([span[1], *(p.end for p in touched)])
        cost = self._cost(candidate.item_id, start, end) - sum(self._cost(p.item_id, p.start, p.end) for p in touched)
        if self._max_tokens is not None and self._spent + cost > self._max_tokens:
            return False
        self._spent += cost
        if not touched:
            self.pieces.append(Piece(candidate.item_id, start, end, candidate.score))
            return True
        touched[0].start, touched[0].end = start, end
        touched[0].also_in = list(dict.fromkeys(one for piece in touched for one in piece.also_in))
        self.pieces = [piece for piece in self.pieces if piece not in touched[1:]]
        return True

    def _cost(self, item_id: int, start: int, end: int) -> int:
        return tokens_of(block(RESERVED, self._sources[item_id], start, end)) + 1  # the blank line before the next

    def _covers(self, piece: Piece, item_id: int, span: tuple[int, int]) -> bool:
        return piece.item_id == item_id and piece.start <= span[0] and span[1] <= piece.end

    def _touches(self, piece: Piece, span: tuple[int, int], *, is_wide: bool) -> bool:
        """Overlaps; of those that were asked for with their neighbours, also where nothing but blanks lies between."""
        if span[0] < piece.end and piece.start < span[1]:
            return True
        between = self._sources[piece.item_id].text[min(piece.end, span[1]) : max(piece.start, span[0])]
        return is_wide and not between.strip()

    def _said_by(self, item_id: int, span: tuple[int, int]) -> Piece | None:
        own = shingles(self._sources[item_id].text[slice(*span)])
        for piece in self.pieces:
            others = shingles(self._sources[piece.item_id].text[piece.start : piece.end])
            if own and len(own & others) >= SAME * len(own):
                return piece
        return None


def shingles(text: str) -> Shingles:
    """Every few words that follow each other, in lower case; of a shorter text all its words."""
    words = WORD.findall(text.lower())
    return frozenset(tuple(words[n : n + SHINGLE]) for n in range(max(len(words) - SHINGLE + 1, 1))) - {()}
