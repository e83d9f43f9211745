"""Items laid out in two dimensions: neighbours stay neighbours, and re-runs lie as before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from search.insight.map.projecting import aligned, among_neighbours, project, to_square, trustworthiness


def groups(count: int = 40) -> np.ndarray[Any, Any]:
    """Vectors around three directions."""
    rng = np.random.default_rng(1)
    found = np.repeat(np.eye(3, 16), count, axis=0) + rng.normal(0, 0.15, (3 * count, 16))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def test_trustworthiness_is_what_the_textbook_says() -> None:
    from sklearn.manifold import trustworthiness as reference

    vectors = groups()
    places = np.random.default_rng(2).normal(size=(len(vectors), 2))
    true = reference(vectors, places, n_neighbors=15, metric="cosine")
    assert trustworthiness(vectors, places) == pytest.approx(true, abs=1e-3)


def test_turned_and_mirrored_maps_lie_as_before() -> None:
    before = np.random.default_rng(3).normal(size=(50, 2))
    turned = (before @ np.array([[0.0, 1.0], [1.0, 0.0]])) * 3 + 5
    known = before.copy()
    known[40:] = np.nan
    assert aligned(turned, known) == pytest.approx(before, abs=1e-9)
    assert aligned(turned, np.full((50, 2), np.nan)) is turned


def test_a_new_item_lies_where_its_nearest_neighbours_are() -> None:
    places = np.array([[[0.0, 0.0], [1.0, 1.0]]])
    near = among_neighbours(places, np.array([[0.9, 0.2]]))[0]
    assert np.linalg.norm(near) < 0.1
    assert np.abs(to_square(np.array([[0.0, 0.0], [4.0, 2.0]]))).max() == 1


@pytest.mark.slow
def test_groups_lie_apart_the_same_each_time_and_a_rerun_moves_little() -> None:
    vectors = groups()
    first, again = project(vectors), project(vectors)
    assert first == pytest.approx(again)
    assert trustworthiness(vectors, first) > 0.85
    before = first.copy()
    before[::10] = np.nan
    assert np.linalg.norm(project(vectors, before) - first, axis=1).mean() < 0.3


@pytest.mark.slow
def test_what_is_too_much_to_lay_out_goes_among_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.insight.map.projecting.MOST_LEARNT", 60)
    vectors = groups()
    places = project(vectors)
    assert np.isfinite(places).all() and np.abs(places).max() == pytest.approx(1)
    assert trustworthiness(vectors, places) > 0.75


def laid_out(vectors: Any, before: Any = None, *, on_step: Any = lambda done, step: None) -> Any:
    """A stand-in for UMAP, which takes long to compile: the first two of the vectors' numbers."""
    on_step(len(vectors), "layout")
    return to_square(np.asarray(vectors[:, :2], dtype=np.float64) + np.arange(len(vectors))[:, None] * 1e-3)
