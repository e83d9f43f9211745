"""How well values are suggested without any example and with eight of each, and how honest the probabilities are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.schemas import AttributeDefinition
from search.embedding.spaces.lifecycle import active_space
from search.evaluation.datasets import LabelledDataset
from search.evaluation.scratch import scratch_collection
from search.insight.reading.vectors import Survey, survey
from search.insight.tags.learning import learn_values
from search.models import EmbeddingSpace

EXAMPLES = 8
DRAWS = 10
BINS = 15


@dataclass(frozen=True, slots=True)
class TagFigures:
    """Accuracies, and the larger of the two expected calibration errors."""

    zero_shot: float
    few_shot_8: float
    ece: float


def evaluate_tags(dataset: LabelledDataset, *, on_progress: Callable[[int], None] = lambda done: None) -> TagFigures:
    """Each draw gives some items their value; the others are judged."""
    space = active_space()
    with scratch_collection(dataset.items, on_progress=on_progress) as collection:
        found = survey(collection, space)
        names = dict(collection.items.values_list("pk", "external_id"))
    truth = [dataset.values.get(names[pk], "") for pk in found.ids.tolist()]
    values = sorted(set(truth) - {""})
    right = np.array([values.index(one) if one else -1 for one in truth])
    nobody = np.zeros(len(right), dtype=bool)
    zero, zero_error = _judged(space, found, values, right, nobody)
    draws = [_judged(space, found, values, right, _drawn(right, seed)) for seed in range(DRAWS)]
    few, few_error = (float(np.mean(column)) for column in zip(*draws, strict=True))
    return TagFigures(zero, few, max(zero_error, few_error))


def _drawn(right: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    given = np.zeros(len(right), dtype=bool)
    for value in range(int(right.max()) + 1):
        own = np.flatnonzero(right == value)
        given[rng.permutation(own)[: min(EXAMPLES, len(own) // 2)]] = True
    return given


def _judged(
    space: EmbeddingSpace, found: Survey, values: list[str], right: NDArray[np.int64], given: NDArray[np.bool_]
) -> tuple[float, float]:
    """Accuracy and calibration error on the items that were not given their value."""
    named = zip(right.tolist(), given.tolist(), strict=True)
    known: list[tuple[str, ...]] = [(values[value],) if is_given else () for value, is_given in named]
    seen = Survey(found.ids, found.vectors, found.digests, known)
    posterior, smooth, _ = learn_values(space, seen, values, AttributeDefinition())
    judged = ~given & (right >= 0)
    probabilities = posterior.probabilities(smooth[judged])
    is_right = probabilities.argmax(axis=1) == right[judged]
    return float(is_right.mean()), calibration_error(probabilities.max(axis=1), is_right)


def calibration_error(confidence: NDArray[np.float32], is_right: NDArray[np.bool_]) -> float:
    """Mean difference of confidence and accuracy over bins of equal width, weighted by their items."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = 0.0
    for place in np.unique(places):
        inside = places == place
        error += float(inside.mean()) * abs(float(confidence[inside].mean()) - float(is_right[inside].mean()))
    return error
