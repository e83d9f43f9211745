"""The nearest neighbours of many vectors among each other, exact and in blocks. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

BLOCK_NUMBERS = 16_000_000  # similarities held at a time: 64 MB

Vectors = NDArray[np.float32]


def nearest(
    vectors: Vectors,
    count: int,
    *,
    among: Vectors | None = None,
    own: NDArray[np.int64] | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rows and cosines of the `count` nearest of each vector, nearest first.

    Without `among` they are sought among the vectors themselves, each without itself; with it, `own` names the row in
    which each vector is itself there, -1 where it is not.
    """
    others = vectors if among is None else among
    count = min(count, len(others) - (among is None))
    rows = np.empty((len(vectors), max(count, 0)), dtype=np.int32)
    cosines = np.empty(rows.shape, dtype=np.float32)
    size = max(1, BLOCK_NUMBERS // max(len(others), 1))
    for start in range(0, len(vectors) if count > 0 else 0, size):
        block = vectors[start : start + size] @ others.T
        if among is None:
            block[np.arange(len(block)), np.arange(start, start + len(block))] = -np.inf
        if own is not None:
            itself = own[start : start + size]
            block[np.flatnonzero(itself >= 0), itself[itself >= 0]] = -np.inf
        found = np.argpartition(block, -count, axis=1)[:, -count:]
        near = np.take_along_axis(block, found, axis=1)
        order = np.argsort(-near, axis=1, kind="stable")
        rows[start : start + size] = np.take_along_axis(found, order, axis=1)
        cosines[start : start + size] = np.take_along_axis(near, order, axis=1)
        on_progress(min(start + size, len(vectors)))
    return rows, cosines
