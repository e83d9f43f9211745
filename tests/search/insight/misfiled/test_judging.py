"""Who judges labels: names that say something take part, names that say nothing are left out."""

from __future__ import annotations

import numpy as np
import pytest

from search.insight.misfiled.evidence import Judges, Labels, Matrix
from search.insight.misfiled.judging import judge, plant
from search.insight.reading.neighbours import nearest
from search.insight.tags.posterior import told_by_descriptions

LABELS, EACH, DIMENSIONS = 12, 12, 48


NOISE = 1.6  # per direction, where names differ by one
Things = tuple[Matrix, Labels, Matrix]


def drawn(seed: int, noise: float = NOISE) -> Things:
    """Unit vectors around what their labels are called, the labels, and the vectors of the names."""
    rng = np.random.default_rng(seed)
    names = rng.normal(size=(LABELS, DIMENSIONS))
    labels = np.repeat(np.arange(LABELS), EACH)
    vectors = names[labels] + rng.normal(scale=noise, size=(len(labels), DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), labels, names.astype(np.float32)


@pytest.fixture
def things() -> Things:
    return drawn(4)


def found_of(vectors: Matrix, labels: Labels, named: Matrix | None) -> float:
    """The share of planted errors among as many vectors with the largest chances."""
    planted, is_planted = plant(vectors, labels, seed=2)
    rows, cosines = nearest(vectors, 20)
    chances = judge(vectors, planted, rows, cosines, named=named).chances
    worst = np.argsort(-chances)[: is_planted.sum()]
    return float(is_planted[worst].mean())


def test_names_find_errors_that_examples_alone_do_not() -> None:
    vectors, labels, names = drawn(4, noise=2.4)
    named = told_by_descriptions(vectors, names)
    assert found_of(vectors, labels, named) > found_of(vectors, labels, None)


def test_names_that_say_nothing_are_left_out(things: Things) -> None:
    vectors, labels, names = things
    named = told_by_descriptions(vectors, names[::-1].copy())
    assert found_of(vectors, labels, named) == found_of(vectors, labels, None)


def test_errors_that_were_there_before_are_counted_as_such() -> None:
    right, told, wrong = 0, 0, 0
    for seed in (4, 5, 6):
        vectors, labels, names = drawn(seed)
        rows, cosines = nearest(vectors, 20)
        changed, is_wrong = plant(vectors, labels, seed=7)
        judgement = judge(vectors, changed, rows, cosines, named=told_by_descriptions(vectors, names))
        is_told = judgement.chances >= judgement.line
        right, told, wrong = right + is_wrong[is_told].sum(), told + is_told.sum(), wrong + is_wrong.sum()
    assert right >= 0.6 * wrong
    assert right >= 0.6 * told


def test_labels_that_vectors_say_nothing_of_are_not_judged(things: Things) -> None:
    vectors, labels, _ = things
    shuffled = np.random.default_rng(1).permutation(labels)
    rows, cosines = nearest(vectors, 20)
    judgement = judge(vectors, shuffled, rows, cosines)
    assert (judgement.chances >= judgement.line).sum() == 0


def test_no_vector_is_judged_by_its_own_label(things: Things) -> None:
    """Alone with its label, a vector says what the others say, however far it is from them."""
    vectors, labels, _ = things
    rows, cosines = nearest(vectors, 20)
    own = Judges(vectors, labels, rows, cosines, None).told(labels)
    changed = labels.copy()
    changed[0] = (labels[0] + 1) % LABELS
    other = Judges(vectors, labels, rows, cosines, None).told(changed)
    np.testing.assert_allclose(own[0], other[0], atol=0.02)


def test_labels_that_are_more_often_told_wrong_than_right_are_not_judged() -> None:
    vectors, labels, _ = drawn(4, noise=4.5)
    rows, cosines = nearest(vectors, 20)
    right = (Judges(vectors, labels, rows, cosines, None).told(labels).argmax(axis=1) == labels).mean()
    assert 2 / LABELS < right < 0.5
    assert judge(vectors, labels, rows, cosines).line == float("inf")
