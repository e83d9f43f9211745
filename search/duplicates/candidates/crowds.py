"""Candidates for items with many likely partners, which fill the lists of neighbours and hide what comes after. Pure.

Such an item is compared with more of those that share most of its words, by a number in all that grows with the items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from search.duplicates.candidates.generation import Pairs, Sides, unique, word_table
from search.duplicates.evidence import structure
from search.duplicates.evidence.structure import Pair
from search.duplicates.reading.words import WordStatistics

if TYPE_CHECKING:
    from scipy import sparse

CROWD = 10  # likely partners of an item: as many as the neighbours that are always compared
WIDER = 100  # items that are compared beyond the partners
MOST_PAIRS = 120_000  # pairs that this adds at most in a small collection; in a larger one as many as it has items
COMMON = 0.1  # share of the items from which a word is too common to tell near from far
ROWS = 64  # items looked up at a time


def table_of(words: Sequence[Iterable[str]], statistics: WordStatistics) -> sparse.csr_matrix:
    """The words of each item, weighted by how rare they are; every row has length 1."""
    from scipy import sparse  # only a scan needs it, not each process

    table = word_table(words, statistics, most=max(50, int(COMMON * len(words))))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(lengths, 1e-6).astype(np.float32)) @ table).tocsr()


def around_crowds(own: Mapping[Pair, float], table: sparse.csr_matrix, sides: Sides) -> Pairs:
    """Each crowded item with those that share most of its words; `own` has the log-odds of pairs compared so far."""
    partners = structure.partners(own, structure.UNLIKELY)
    crowded = np.array(sorted(item for item, near in partners.items() if len(near) >= CROWD), dtype=np.int64)
    if not len(crowded):
        return unique([])
    items = table.shape[0]
    most = max(MOST_PAIRS, items)
    crowded = crowded[: most // CROWD]
    more = min(WIDER, most // len(crowded))
    transposed, everyone = table.T.tocsr(), np.arange(items)
    found = []
    for start in range(0, len(crowded), ROWS):
        rows = crowded[start : start + ROWS]
        shared = (table[rows] @ transposed).toarray()
        shared[~sides.may_pair(rows[:, None], everyone[None, :])] = 0
        for item, row in zip(rows.tolist(), shared, strict=True):
            width = min(len(partners[item]) + more, items - 1)
            nearest = np.argpartition(-row, width)[:width]
            nearest = nearest[row[nearest] > 0]
            found.append(np.column_stack([np.full(len(nearest), item), nearest]))
    return unique(found)
