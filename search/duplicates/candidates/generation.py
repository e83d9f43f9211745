"""Candidate pairs of a whole collection: neighbours in meaning united with items that share rare words.

Items are numbered 0 to n - 1. Small collections are compared exactly, large ones by the vector index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from search.duplicates.reading.words import WordStatistics
from search.duplicates.rules import Value

if TYPE_CHECKING:
    from scipy import sparse

NEAREST = 10  # neighbours that are always candidates
MOST_NEIGHBOURS = 100  # and so many while they are nearer than
NEAR_COSINE = 0.85  # cosine
RARE = 50  # items that a rare word occurs in at most
RARE_PARTNERS = 10
BLOCK = 512  # rows compared at a time
MAX_TWINS = 100  # items of one text or one identifier that are paired with each other

Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]  # (pairs, 2), the smaller number first, each pair once


@dataclass(frozen=True, slots=True)
class Sides:
    """Which items may pair: those that differ in `source` and agree in `block`, unless that is -1."""

    source: NDArray[np.int64] | None
    block: NDArray[np.int64] | None

    def may_pair(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For arrays of item numbers that broadcast against each other."""
        allowed: NDArray[np.bool_] = left != right
        if self.source is not None:
            allowed = allowed & (self.source[left] != self.source[right])
        if self.block is not None:
            allowed = allowed & (self.block[left] == self.block[right]) & (self.block[left] >= 0)
        return allowed


def number(values: Iterable[Value | tuple[Value, ...] | None]) -> NDArray[np.int64]:
    """A number for each different value, -1 for None."""
    seen: dict[object, int] = {}
    return np.array([-1 if one is None else seen.setdefault(one, len(seen)) for one in values], dtype=np.int64)


def unique(pairs: Iterable[Pairs]) -> Pairs:
    """All pairs together, in order and each once."""
    every = np.concatenate([np.empty((0, 2), dtype=np.int64), *pairs])
    return np.unique(np.sort(every, axis=1), axis=0)


def nearest(vectors: Floats, sides: Sides, skipped: int = 0) -> Iterator[tuple[Pairs, float]]:
    """Neighbours of every item by exact comparison, block by block, with the share of the items that is done.

    Rows of zeros are items without a vector. A pair may come twice, from either of its items. The first `skipped`
    blocks are left out.
    """
    everyone = np.arange(len(vectors))
    has_vector = np.abs(vectors).sum(axis=1) > 0
    for start in range(skipped * BLOCK, len(vectors), BLOCK):
        rows = everyone[start : start + BLOCK]
        cosines = vectors[rows] @ vectors.T
        cosines[~(sides.may_pair(rows[:, None], everyone[None, :]) & has_vector[None, :])] = -2
        yield unique([_best(rows[has_vector[rows]], cosines[has_vector[rows]])]), (start + len(rows)) / len(vectors)


def _best(rows: NDArray[np.int64], cosines: Floats) -> Pairs:
    width = min(MOST_NEIGHBOURS, cosines.shape[1])
    chosen = np.argpartition(-cosines, width - 1, axis=1)[:, :width]
    values = np.take_along_axis(cosines, chosen, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    chosen, values = np.take_along_axis(chosen, order, axis=1), np.take_along_axis(values, order, axis=1)
    kept = (values > -2) & ((np.arange(width)[None, :] < NEAREST) | (values >= NEAR_COSINE))
    left, rank = np.nonzero(kept)
    return np.column_stack([rows[left], chosen[left, rank]])


def sharing_rare_words(words: Sequence[Iterable[str]], statistics: WordStatistics, sides: Sides) -> Pairs:
    """For each item those it shares the most rare words with, by summed IDF."""
    table = word_table(words, statistics, most=RARE)
    binary = table.copy()
    binary.data[:] = 1
    transposed = binary.T.tocsr()
    found = []
    for start in range(0, table.shape[0], 4 * BLOCK):
        shared = (table[start : start + 4 * BLOCK] @ transposed).tocoo()
        left, right = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        allowed = sides.may_pair(left, right)
        found.append(_heaviest(left[allowed], right[allowed], shared.data[allowed]))
    return unique(found)


def word_table(words: Sequence[Iterable[str]], statistics: WordStatistics, most: int) -> sparse.csr_matrix:
    """The IDF of each word of each item that occurs in at least two and at most `most` items."""
    columns: dict[str, int] = {}
    indices, weights, ends = [], [], [0]
    for own in words:
        for word in set(own):
            if 2 <= statistics.frequencies.get(word, 0) <= most:
                indices.append(columns.setdefault(word, len(columns)))
                weights.append(statistics.idf(word))
        ends.append(len(indices))
    from scipy import sparse  # only a scan needs it, not each process

    return sparse.csr_matrix((weights, indices, ends), shape=(len(words), max(len(columns), 1)), dtype=np.float32)


def _heaviest(left: NDArray[np.int64], right: NDArray[np.int64], weights: Floats) -> Pairs:
    order = np.lexsort((right, -weights, left))
    left, right = left[order], right[order]
    is_first = np.r_[True, left[1:] != left[:-1]] if len(left) else np.empty(0, dtype=bool)
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(left)), 0))
    kept = np.arange(len(left)) - starts < RARE_PARTNERS
    return np.column_stack([left[kept], right[kept]])


def same_key(keys: Sequence[Iterable[str]], sides: Sides) -> Pairs:
    """Items that share a key, as the same text or the same identifier; a key of very many items says nothing."""
    holders: dict[str, list[int]] = {}
    for item, own in enumerate(keys):
        for key in own:
            holders.setdefault(key, []).append(item)
    found = np.array(list(_pairs_of(holders)), dtype=np.int64).reshape(-1, 2)
    return unique([found[sides.may_pair(found[:, 0], found[:, 1])]])


def _pairs_of(holders: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, int]]:
    for items in holders.values():
        if 1 < len(items) <= MAX_TWINS:
            yield from ((left, right) for at, left in enumerate(items) for right in items[at + 1 :])


def cosines_of(pairs: Pairs, vectors: Floats) -> NDArray[np.float64]:
    """The cosine of each pair."""
    parts = [
        np.einsum("ij,ij->i", vectors[part[:, 0]], vectors[part[:, 1]])
        for part in (pairs[start : start + 20_000] for start in range(0, len(pairs), 20_000))
    ]
    return np.concatenate([np.empty(0), *parts]).astype(np.float64)
