"""From many dimensions to two: UMAP, turned so that it lies as the map before it did. Pure.

Only a worker that computes a map imports UMAP and what it is compiled with.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.insight.reading.neighbours import nearest

MAP_NEIGHBOURS = 15
MOST_LEARNT = 100_000  # items that UMAP lays out; the others go where their neighbours are
SHARPNESS = 8.0  # how much more a nearer neighbour counts
SPREAD = 10.0  # half the width in which UMAP begins
JITTER = 0.002  # so that equal items do not lie on one another
SETTLED_RATE, SETTLED_EPOCHS = 0.1, 200  # how far and how often items are moved that lie on a map already
SEED = 42

Vectors = NDArray[np.float32]
Places = NDArray[np.float64]  # (items, 2)
OnStep = Callable[[int, str], None]  # items done, and what is done with them; it may raise to stop


class _Epochs:
    """The file that UMAP writes its progress to, so that it can be told and stopped."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def write(self, text: str) -> None:
        self._tell()

    def flush(self) -> None:
        """Nothing is kept."""


def project(vectors: Vectors, before: Places | None = None, *, on_step: OnStep = lambda done, step: None) -> Places:
    """The place of each vector, between -1 and 1. `before` are the places until now, NaN where there was none.

    neighbours -> UMAP of at most MOST_LEARNT vectors, begun where they lay -> the others by their neighbours -> turned
    """
    chosen = _chosen(len(vectors))
    learnt = vectors[chosen]
    rows, cosines = nearest(learnt, MAP_NEIGHBOURS - 1, on_progress=lambda done: on_step(done, "neighbours"))
    start = None if before is None else _start(before[chosen], rows, cosines)
    found = _umap(learnt, rows, cosines, start, lambda: on_step(len(chosen), "layout"))
    places = np.full((len(vectors), 2), np.nan)
    places[chosen] = found
    others = np.flatnonzero(np.isnan(places[:, 0]))
    if len(others):
        rows, cosines = nearest(
            vectors[others], MAP_NEIGHBOURS, among=learnt, on_progress=lambda done: on_step(done, "others")
        )
        places[others] = among_neighbours(found[rows], cosines)
    return to_square(places if before is None else aligned(places, before))


def _chosen(count: int) -> NDArray[np.int64]:
    if count <= MOST_LEARNT:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).permutation(count)[:MOST_LEARNT])


def _umap(
    vectors: Vectors, rows: NDArray[np.int32], cosines: Vectors, start: Places | None, tell: Callable[[], None]
) -> Places:
    itself = np.arange(len(vectors), dtype=np.int32)[:, None]
    distances = np.maximum(1 - cosines, 0).astype(np.float32)
    known = (np.hstack([itself, rows]), np.hstack([np.zeros_like(itself, dtype=np.float32), distances]))
    with warnings.catch_warnings():  # they are of parts of UMAP that are not used
        warnings.simplefilter("ignore")
        return _laid_out(vectors, known, start, tell)


def _laid_out(vectors: Vectors, known: tuple[Any, Any], start: Places | None, tell: Callable[[], None]) -> Places:
    """The same each time for the same input."""
    import umap

    layout = umap.UMAP(
        n_neighbors=known[0].shape[1],
        min_dist=0.05,
        metric="cosine",
        init="spectral" if start is None else start,
        precomputed_knn=(*known, None),
        n_jobs=1,
        learning_rate=1.0 if start is None else SETTLED_RATE,
        n_epochs=None if start is None else SETTLED_EPOCHS,
        random_state=SEED,
        low_memory=True,
        tqdm_kwds={"file": _Epochs(tell), "mininterval": 0.5, "disable": False},
    )
    return np.asarray(layout.fit_transform(vectors), dtype=np.float64)


def _start(before: Places, rows: NDArray[np.int32], cosines: Vectors) -> Places | None:
    """Where the map before had them, and new ones among their neighbours; None where it had hardly any."""
    is_known = ~np.isnan(before[:, 0])
    if is_known.mean() < 0.5:
        return None
    start = before.copy()
    for n in np.flatnonzero(~is_known):
        near = is_known[rows[n]]
        if near.any():
            start[n] = among_neighbours(before[rows[n][near]][None], cosines[n][near][None])[0]
    start[np.isnan(start[:, 0])] = 0
    return np.asarray(start * SPREAD, dtype=np.float32)


def among_neighbours(places: Places, cosines: NDArray[Any]) -> Places:
    """(items, neighbours, 2) places with their cosines -> the place of each item, nearer neighbours counting more."""
    weights = np.exp(SHARPNESS * (cosines - cosines.max(axis=1, keepdims=True)))
    weights = weights / weights.sum(axis=1, keepdims=True)
    found = np.einsum("nk,nkd->nd", weights, places)
    shaken: Places = found + np.random.default_rng(SEED).normal(0, JITTER, found.shape) * np.abs(places).max()
    return shaken


def aligned(places: Places, before: Places) -> Places:
    """Moved, turned, mirrored and scaled as a whole, so that what both maps have lies as near as can be."""
    from scipy.linalg import orthogonal_procrustes

    shared = ~np.isnan(before[:, 0])
    if shared.sum() < 3:
        return places
    here, there = places[shared].mean(axis=0), before[shared].mean(axis=0)
    turn, scale = orthogonal_procrustes(places[shared] - here, before[shared] - there)
    size = float(((places[shared] - here) ** 2).sum())
    turned: Places = (places - here) @ turn * (scale / max(size, 1e-12)) + there
    return turned


def to_square(places: Places) -> Places:
    """Centred and scaled as a whole to between -1 and 1."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-12)
    square: Places = (places - (low + high) / 2) / half
    return square


def trustworthiness(vectors: Vectors, places: Places, count: int = MAP_NEIGHBOURS) -> float:
    """How few of the neighbours on the map are far in truth, between 0 and 1. Source: Venna and Kaski, 2001."""
    total = len(vectors)
    if total <= 2 * count + 1:
        return 1.0
    near = _nearest_places(places, count)
    penalty = 0
    for n in range(total):
        similar = vectors @ vectors[n]
        similar[n] = np.inf
        own = similar[near[n]]
        ranks = (similar[None, :] > own[:, None]).sum(axis=1)  # the item itself is before all others
        penalty += int(np.maximum(ranks - count, 0).sum())
    return 1 - 2 * penalty / (total * count * (2 * total - 3 * count - 1))


def _nearest_places(places: Places, count: int) -> NDArray[np.int64]:
    from scipy.spatial import cKDTree

    _, rows = cKDTree(places).query(places, k=count + 1)
    own = np.arange(len(places))[:, None]
    return np.array([[other for other in row if other != n][:count] for n, row in zip(own[:, 0], rows, strict=True)])
