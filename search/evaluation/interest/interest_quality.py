"""How well the latest fifth of a log is foreseen, against popularity and plain item-kNN, all items ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.evaluation.interest.logs import EventLog
from search.insight.interest.crowd import Log, latest_of_each, matrix
from search.insight.interest.mixing import (
    MANY,
    Blend,
    Judges,
    Past,
    crowd_of,
    gains,
    judges_of,
    learn_blend,
    parts_of,
    split,
)

BLOCK = 10_000_000  # scores held at a time

Vectors = NDArray[np.float32]
GROUPS = {"none": (0, 0), "1_to_4": (1, MANY - 1), "5_and_more": (MANY, 10**9), "all": (0, 10**9)}


@dataclass(frozen=True, slots=True)
class Figures:
    """nDCG@10 of each person: as the product orders items, by popularity, and by plain item-kNN."""

    events: NDArray[np.int64]
    own: NDArray[np.float64]
    popular: NDArray[np.float64]
    item_knn: NDArray[np.float64]
    blend: Blend


def evaluate_interest(found: EventLog, vectors: Vectors | None) -> Figures:
    """The past teaches the blend, by a split of its own; then everybody with a new item later is judged."""
    past_log, later, at = split(found.log)
    people, items = len(found.people), len(found.items)
    judges = judges_of(past_log, later)
    blend = learn_blend(past_log, people=people, items=items, vectors=vectors)
    past = Past(past_log, people, items, at, vectors, blend.joins)
    figures = np.zeros((3, len(judges.rows)))
    size = max(1, BLOCK // max(items, 1))
    for start in range(0, len(judges.rows), size):
        chosen = np.zeros(len(judges.rows), dtype=bool)
        chosen[start : start + size] = True
        figures[:, chosen] = _judged(past, judges.where(chosen), blend)
    return Figures(judges.events, figures[0], figures[1], figures[2], blend)


def _judged(past: Past, judges: Judges, blend: Blend) -> NDArray[np.float64]:
    own = np.zeros(len(judges.rows))
    for is_many in (False, True):
        chosen = (judges.events >= MANY) == is_many
        if not chosen.any():
            continue
        mix = blend.many if is_many else blend.few
        some = judges.where(chosen)
        own[chosen] = gains(
            parts_of(past, some.rows, mix, crowd_of(past, mix.shrink, mix.reach)).mixed(mix), some.wanted
        )
    taken = _taken(past.log, past)
    seen = np.asarray(taken[judges.rows].todense()) > 0
    popular = np.broadcast_to(np.asarray(taken.sum(axis=0)).ravel(), seen.shape)
    knn = np.asarray((taken[judges.rows] @ _plain_similarities(taken)).todense())
    return np.stack(
        [own, *(gains(np.where(seen, -np.inf, one).astype(np.float32), judges.wanted) for one in (popular, knn))]
    )


def _taken(log: Log, past: Past) -> Any:
    """(people, items): 1 where somebody took to an item."""
    single = latest_of_each(log)
    return matrix(single, np.ones(len(single)), people=past.people, items=past.items)


def _plain_similarities(taken: Any) -> Any:
    """The textbook's item-kNN: cosines of all pairs of items over their people."""
    from scipy.sparse import diags

    counts = np.maximum(np.asarray(taken.sum(axis=0)).ravel(), 1)
    scale = diags(1 / np.sqrt(counts))
    similar = (scale @ (taken.T @ taken) @ scale).tolil()
    similar.setdiag(0)
    return similar.tocsr()


def report(figures: Figures) -> dict[str, Any]:
    """Each figure by how many events of a person were known: none, one to four, five and more, and all people."""
    names = {"ndcg_at_10": figures.own, "popularity": figures.popular, "item_knn": figures.item_knn}
    groups = {group: (figures.events >= low) & (figures.events <= high) for group, (low, high) in GROUPS.items()}
    found: dict[str, Any] = {
        name: {group: _mean(values[inside]) for group, inside in groups.items()} for name, values in names.items()
    }
    found["people"] = {group: int(inside.sum()) for group, inside in groups.items()}
    found["by_events"] = {group: {name: found[name][group] for name in (*names, "people")} for group in groups}
    return found


def _mean(values: NDArray[np.float64]) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
