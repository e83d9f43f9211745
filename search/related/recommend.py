"""Recommendations from examples: near to the positive ones, away from the negative ones, each with why it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models import Collection, Item
from catalog.schemas import parse_attribute_schema
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace
from search.related.diversity import diversify
from search.related.examples import Example, Known, known_examples
from search.related.neighbours import Vector, nearest_items
from search.related.related import load_items
from search.related.strategies import MOST_TARGETS, Strategy, average, best_scores, in_turns, medoids
from search.retrieval.ranking.filters import conditions_of
from search.retrieval.types import Filter
from search.timing import stage

POOL_FACTOR = 5  # neighbours looked at for each one wanted, where some may be left out
MAX_POOL = 300
MOST_SHARED = 3  # values that a reason names


@dataclass(frozen=True, slots=True)
class Recommended:
    """`like` is the positive example that the item is nearest to, `shares` the facet values that both have."""

    item: Item
    score: float
    like: Example
    cosine: float
    shares: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pool:
    """Row n of everything is one candidate, the best first."""

    ids: list[int]
    vectors: NDArray[np.float32]
    scores: Vector


@stage("related.recommend")
def recommend(
    *,
    collection: Collection,
    positive: Sequence[str | Example],
    negative: Sequence[str | Example] = (),
    strategy: Strategy = Strategy.AVERAGE,
    limit: int = 10,
    diversity: float = 0.0,
    filters: Sequence[Filter] = (),
    at_most: Mapping[str, int] | None = None,
) -> list[Recommended]:
    """Items like the positive and unlike the negative examples, which are left out. Raises NotFound for unknown ids.

    examples -> vectors -> where to look, by the strategy -> candidates -> order -> variety -> so many of a value
    """
    space = active_space()
    wanted = known_examples(collection, space, [_example(one) for one in positive])
    unwanted = known_examples(collection, space, [_example(one) for one in negative])
    if not wanted:
        return []
    is_choosy = bool(diversity or at_most) or strategy != Strategy.AVERAGE
    size = min(MAX_POOL, limit * POOL_FACTOR if is_choosy else limit)
    pool = _pool(collection, space, wanted, unwanted, strategy, size, filters)
    if not pool.ids:
        return []
    count = len(pool.ids) if at_most else limit
    order = diversify(pool.scores, pool.vectors, limit=count, diversity=diversity) if diversity else range(count)
    rows = list(order)[: len(pool.ids)]
    items = load_items([(pool.ids[n], float(n)) for n in rows])
    kept = _limited([(one.item, int(one.score)) for one in items], at_most or {})[:limit]
    return [_explained(collection, item, pool.vectors[n], float(pool.scores[n]), wanted) for item, n in kept]


def _example(one: str | Example) -> Example:
    return Example(item=one) if isinstance(one, str) else one


def _pool(
    collection: Collection,
    space: EmbeddingSpace,
    wanted: Sequence[Known],
    unwanted: Sequence[Known],
    strategy: Strategy,
    size: int,
    filters: Sequence[Filter],
) -> Pool:
    """The candidates that no example is, in the strategy's order."""
    liked, weights = _matrix(wanted, space)
    disliked, against = _matrix(unwanted, space)
    if strategy == Strategy.AVERAGE:
        target = average(liked, weights, disliked, against)
        targets = np.zeros((0, space.dimensions), dtype=np.float32) if target is None else target[None]
    else:
        rows = medoids(liked, weights) if strategy == Strategy.MEDOIDS else np.argsort(-weights, kind="stable")
        targets = liked[list(rows)[:MOST_TARGETS]]
        weights = weights[list(rows)[:MOST_TARGETS]]
    away = {known.item.pk for known in (*wanted, *unwanted) if known.item is not None}
    found = _near(collection, space, targets, away, size, filters)
    if not found:
        return Pool([], np.zeros((0, space.dimensions), dtype=np.float32), np.zeros(0, dtype=np.float32))
    ids, vectors = list(found), np.stack(list(found.values()))
    if strategy == Strategy.AVERAGE:
        scores = np.asarray(vectors @ targets[0], dtype=np.float32)
    else:
        scores = best_scores(vectors, targets, weights, disliked, against)
    order = np.argsort(-scores, kind="stable")
    if strategy == Strategy.MEDOIDS:
        order = in_turns(scores, (vectors @ targets.T).argmax(axis=1))
    order = order[np.isfinite(scores[order])]
    return Pool([ids[n] for n in order.tolist()], vectors[order], scores[order])


def _near(
    collection: Collection,
    space: EmbeddingSpace,
    targets: NDArray[np.float32],
    away: set[int],
    size: int,
    filters: Sequence[Filter],
) -> dict[int, Vector]:
    """The vectors of the items near to any target, without those that are `away`."""
    found: dict[int, Vector] = {}
    conditions = conditions_of(filters)
    for target in targets:
        near = nearest_items(collection, space, target, limit=size + len(away), conditions=conditions)
        found |= {pk: vector for pk, _, vector in near if pk not in away}
    return found


def _matrix(known: Sequence[Known], space: EmbeddingSpace) -> tuple[NDArray[np.float32], Vector]:
    if not known:
        return np.zeros((0, space.dimensions), dtype=np.float32), np.zeros(0, dtype=np.float32)
    weights = np.array([one.example.weight for one in known], dtype=np.float32)
    return np.stack([one.vector for one in known]), weights


def _limited(rows: Sequence[tuple[Item, int]], at_most: Mapping[str, int]) -> list[tuple[Item, int]]:
    """The best of them such that no value of an attribute comes more often than it may."""
    counts: dict[tuple[str, str], int] = {}
    kept = []
    for item, n in rows:
        values = [(name, value) for name in at_most for value in _texts(item.attributes.get(name))]
        if any(counts.get(value, 0) >= at_most[value[0]] for value in values):
            continue
        for value in values:
            counts[value] = counts.get(value, 0) + 1
        kept.append((item, n))
    return kept


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values if one is not None and one != ""]


def _explained(
    collection: Collection, item: Item, vector: Vector, score: float, wanted: Sequence[Known]
) -> Recommended:
    cosines = [float(vector @ known.vector) for known in wanted]
    nearest = wanted[int(np.argmax(cosines))]
    shares: dict[str, list[str]] = {}
    if nearest.item is not None:
        for name, definition in parse_attribute_schema(collection.attribute_schema).items():
            own = _texts(item.attributes.get(name))
            both = [value for value in own if value in _texts(nearest.item.attributes.get(name))]
            if definition.facet and both and len(shares) < MOST_SHARED:
                shares[name] = both
    return Recommended(item, score, nearest.example, max(cosines), shares)
