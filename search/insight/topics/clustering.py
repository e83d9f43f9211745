"""Two levels of topics from vectors. Pure.

Vectors are smoothed by their neighbours before they are clustered, which takes out what one text has by chance. The
centroids lie among the vectors as they are, so that any new one can be compared with them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.insight.reading.neighbours import nearest

SAMPLE = 10_000  # vectors that centroids are learnt from; the others only go to the nearest one
TRIAL = 3_000  # of these, to choose a number by
NEIGHBOURS = 15  # that a vector is smoothed by
COARSE_NUMBERS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22)
FINE_NUMBERS = (2, 3, 4, 5, 6, 8, 10, 12)
FEWEST_MEMBERS = 12  # items of a coarse topic, and of a fine one on average
STAYS = 0.02  # cosine by which another topic must be nearer before an item leaves its own

Vectors = NDArray[np.float32]
Labels = NDArray[np.int32]
OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tree:
    """Unit centroids. `parents[n]` is the coarse topic that fine topic n lies in."""

    coarse: Vectors
    fine: Vectors
    parents: Labels


def learn(smooth: Vectors, *, coarse_number: int | None = None, on_step: OnStep = lambda step: None) -> Tree:
    """The topics of these smoothed vectors, of which there must be one at least.

    sample -> choose the number of coarse topics -> k-means -> in each of them the same for fine ones
    """
    own = _sampled(smooth, SAMPLE)
    on_step("coarse topics")
    number = coarse_number or _number_for(own, COARSE_NUMBERS)
    coarse = _centroids(own, _grouped(own, number), number)
    labels = place(own, coarse)
    fine, parents = [], []
    for parent in range(len(coarse)):
        on_step(f"fine topics {parent + 1} of {len(coarse)}")
        inside = own[labels == parent] if (labels == parent).any() else coarse[parent : parent + 1]
        number = _number_for(inside, FINE_NUMBERS)
        fine.append(_centroids(inside, _grouped(inside, number), number))
        parents += [parent] * len(fine[-1])
    return Tree(coarse, np.concatenate(fine), np.array(parents, dtype=np.int32))


def relearn(smooth: Vectors, before: Tree) -> Tree:
    """The same topics, moved to where their items are now; one that has lost all of its items stays where it was."""
    own = _sampled(smooth, SAMPLE)
    labels = place(own, before.fine)
    fine = np.stack([_mean(own[labels == topic], before.fine[topic]) for topic in range(len(before.fine))])
    parents = before.parents[labels]
    coarse = np.stack([_mean(own[parents == topic], before.coarse[topic]) for topic in range(len(before.coarse))])
    return Tree(coarse, fine, before.parents)


def place(vectors: Vectors, fine: Vectors, *, stays: Labels | None = None) -> Labels:
    """The fine topic of each vector: the nearest.

    `stays` are the topics that the vectors have, -1 for none: they are left only for one that is clearly nearer.
    """
    cosines = vectors @ fine.T
    if stays is not None:
        known = np.flatnonzero(stays >= 0)
        cosines[known, stays[known]] += STAYS
    labels: Labels = cosines.argmax(axis=1).astype(np.int32)
    return labels


def smoothed(vectors: Vectors, on_progress: Callable[[int], None] = lambda done: None) -> Vectors:
    """Half each vector itself, half the mean of its neighbours among a sample, of length one again."""
    sample = None if len(vectors) <= SAMPLE else _sampled(vectors, SAMPLE)
    rows, _ = nearest(vectors, NEIGHBOURS, among=sample, on_progress=on_progress)
    if rows.shape[1] == 0:
        return vectors
    means = np.zeros_like(vectors)
    for column in rows.T:
        means += (vectors if sample is None else sample)[column]
    return _unit(vectors + means / rows.shape[1])


def match(before: Vectors, after: Vectors, *, least: float) -> list[tuple[int, int]]:
    """Pairs (row before, row after) of centroids that are the same topic: one to one, together as near as can be."""
    if not len(before) or not len(after):
        return []
    from scipy.optimize import linear_sum_assignment

    cosines = before @ after.T
    pairs = zip(*linear_sum_assignment(-cosines), strict=True)
    return [(int(old), int(new)) for old, new in pairs if cosines[old, new] >= least]


def _sampled(vectors: Vectors, size: int) -> Vectors:
    if len(vectors) <= size:
        return vectors
    chosen = np.random.default_rng(0).choice(len(vectors), size, replace=False)
    return vectors[np.sort(chosen)]


def _number_for(vectors: Vectors, numbers: Sequence[int]) -> int:
    """The number of groups in which the vectors are best apart; one where there are too few for two."""
    possible = [number for number in numbers if number * FEWEST_MEMBERS <= len(vectors)]
    if not possible:
        return 1
    trial = _sampled(vectors, TRIAL)
    scores = [_apartness(trial, _grouped(trial, number, starts=1)) for number in possible]
    return possible[int(np.argmax(scores))]


def _apartness(vectors: Vectors, labels: Labels) -> float:
    """Mean silhouette by centroids: how much nearer the own centroid is than the next one."""
    centroids = _centroids(vectors, labels, int(labels.max()) + 1)
    if len(centroids) < 2:
        return -1.0
    distances = 1 - vectors @ centroids.T
    two = np.partition(distances, 1, axis=1)[:, :2]
    return float(np.mean((two[:, 1] - two[:, 0]) / np.maximum(two[:, 1], 1e-9)))


def _grouped(vectors: Vectors, number: int, *, starts: int = 3) -> Labels:
    if number < 2 or len(vectors) <= number:
        return np.zeros(len(vectors), dtype=np.int32)
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # texts that are all the same give fewer groups
        found = KMeans(number, n_init=starts, max_iter=100, random_state=0).fit_predict(vectors)
    labels: Labels = np.unique(found, return_inverse=True)[1].astype(np.int32)
    return labels


def _centroids(vectors: Vectors, labels: Labels, number: int) -> Vectors:
    present = [label for label in range(number) if (labels == label).any()]
    return np.stack([_mean(vectors[labels == label], vectors[0]) for label in present])


def _mean(vectors: Vectors, default: Vectors) -> Vectors:
    if not len(vectors):
        return default
    mean: Vectors = _unit(vectors.mean(axis=0, keepdims=True))[0]
    return mean


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32, copy=False)
    return scaled
