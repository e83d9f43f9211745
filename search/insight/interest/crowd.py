"""What people who take to an item take to as well: item-to-item similarities of their events, and popularity. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_PEOPLE = 2  # of one mind, before a pair of items counts: what one person did is nobody's to infer
MOST_FELLOWS = 50  # of one item
LONGEST_HISTORY = 200  # events of one person that are read, the latest ones

Numbers = NDArray[np.float64]
Sparse = Any  # scipy.sparse.csr_matrix, which has no types


@dataclass(frozen=True, slots=True)
class Log:
    """Row n of everything is one event: who, which item, when (in days), and how much it says."""

    people: NDArray[np.int64]
    items: NDArray[np.int64]
    days: Numbers
    weights: Numbers

    def __len__(self) -> int:
        return len(self.people)

    def where(self, chosen: NDArray[Any]) -> Log:
        return Log(self.people[chosen], self.items[chosen], self.days[chosen], self.weights[chosen])


def latest_of_each(log: Log) -> Log:
    """One event of each person with each item, the latest, and of each person no more than the latest ones."""
    order = np.lexsort((-log.days, log.items, log.people))
    people, items = log.people[order], log.items[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (people[1:] != people[:-1]) | (items[1:] != items[:-1])
    single = log.where(order[is_first])
    order = np.lexsort((single.items, -single.days, single.people))
    starts = np.searchsorted(single.people[order], single.people[order])
    return single.where(order[np.arange(len(order)) - starts < LONGEST_HISTORY])


def decayed(log: Log, *, at: float, half_life: float | None) -> Numbers:
    """The weight of each event at that day."""
    if half_life is None:
        return log.weights
    ages = np.maximum(at - log.days, 0)
    aged: Numbers = log.weights * 0.5 ** (ages / half_life)
    return aged


def matrix(log: Log, values: Numbers, *, people: int, items: int) -> Sparse:
    """(people, items), sparse; what one person did several times with one item is added up."""
    from scipy.sparse import csr_matrix

    return csr_matrix((values.astype(np.float64), (log.people, log.items)), shape=(people, items))


def similarities(log: Log, *, people: int, items: int, least_people: int = LEAST_PEOPLE, shrink: float = 0) -> Sparse:
    """(items, items), sparse: the cosine of each pair of items over the people who took to both.

    `shrink` distrusts pairs that few people share.
    """
    taken = matrix(log, np.ones(len(log)), people=people, items=items)
    taken.data[:] = 1
    both = (taken.T @ taken).tocsr()
    counts = np.maximum(both.diagonal(), 1)
    both.setdiag(0)
    both.data[both.data < least_people] = 0
    both.eliminate_zeros()
    rows = np.repeat(np.arange(items), np.diff(both.indptr))
    shared = both.data
    both.data = shared / np.sqrt(counts[rows] * counts[both.indices]) * (shared / (shared + shrink))
    return _nearest_only(both)


def _nearest_only(similar: Sparse) -> Sparse:
    """The nearest fellows of each item."""
    from scipy.sparse import csr_matrix

    rows = np.repeat(np.arange(similar.shape[0]), np.diff(similar.indptr))
    order = np.lexsort((similar.indices, -similar.data, rows))
    rank = np.arange(len(order)) - similar.indptr[rows[order]]
    kept = order[rank < MOST_FELLOWS]
    return csr_matrix((similar.data[kept], (rows[kept], similar.indices[kept])), shape=similar.shape)


def farther(similar: Sparse, reach: float) -> Sparse:
    """Adds fellows of fellows, with that much weight: few events lead to few items directly."""
    if not reach:
        return similar
    sums = np.asarray(similar.sum(axis=1)).ravel()
    from scipy.sparse import diags

    walk = (diags(1 / np.maximum(sums, 1e-9)) @ similar).tocsr()
    second = (similar @ walk).tocsr()
    second.setdiag(0)
    second.eliminate_zeros()
    return _nearest_only((similar + reach * second).tocsr())


def popularity(log: Log, *, items: int, at: float, half_life: float | None) -> Numbers:
    """People of each item, the latest counting most."""
    once = Log(log.people, log.items, log.days, np.ones(len(log)))
    weights = decayed(once, at=at, half_life=half_life)
    return np.bincount(log.items, weights, minlength=items).astype(np.float64)
