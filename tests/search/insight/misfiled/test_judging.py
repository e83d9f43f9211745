"""Who judges labels: names that say something take part, names that say nothing are left out."""

from __future__ import annotations

import numpy as np
import pytest

from search.insight.misfiled.judging import Labels, Matrix, judge, line, plant
from search.insight.reading.neighbours import nearest
from search.insight.tags.posterior import told_by_descriptions

LABELS, EACH, DIMENSIONS = 12, 12, 48


@pytest.fixture
def things() -> tuple[Matrix, Labels, Matrix]:
    """Unit vectors around what their labels are called, the labels, and the vectors of the names."""
    rng = np.random.default_rng(4)
    names = rng.normal(size=(LABELS, DIMENSIONS))
    labels = np.repeat(np.arange(LABELS), EACH)
    vectors = names[labels] + rng.normal(scale=1.6, size=(len(labels), DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), labels, names.astype(np.float32)


def found_of(vectors: Matrix, labels: Labels, named: Matrix | None) -> float:
    """The share of planted errors among as many vectors with the largest margins."""
    planted, is_planted = plant(vectors, labels, seed=2)
    rows, cosines = nearest(vectors, 20)
    margins = judge(vectors, planted, rows, cosines, named=named).margins
    worst = np.argsort(-margins)[: is_planted.sum()]
    return float(is_planted[worst].mean())


def test_names_find_errors_that_examples_alone_do_not(things: tuple[Matrix, Labels, Matrix]) -> None:
    vectors, labels, names = things
    named = told_by_descriptions(vectors, names)
    assert found_of(vectors, labels, named) > found_of(vectors, labels, None)


def test_names_that_say_nothing_are_left_out(things: tuple[Matrix, Labels, Matrix]) -> None:
    vectors, labels, names = things
    named = told_by_descriptions(vectors, names[::-1].copy())
    assert found_of(vectors, labels, named) == found_of(vectors, labels, None)


def test_errors_that_were_there_before_are_counted_as_such(things: tuple[Matrix, Labels, Matrix]) -> None:
    vectors, labels, names = things
    rows, cosines = nearest(vectors, 20)
    named = told_by_descriptions(vectors, names)
    wrong, is_wrong = plant(vectors, labels, seed=7)
    told = judge(vectors, wrong, rows, cosines, named=named).margins >= line(vectors, wrong, rows, cosines, named=named)
    assert is_wrong[told].sum() >= 0.6 * is_wrong.sum()
    assert is_wrong[told].mean() >= 0.6
