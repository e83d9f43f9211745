"""Candidates as PostgreSQL finds them: exact neighbours and rare words in common."""

from __future__ import annotations

import numpy as np
import pytest

from search.duplicates.candidates import generation
from search.duplicates.candidates.generation import Sides
from search.duplicates.reading.words import WordStatistics

pytestmark = pytest.mark.django_db


def test_exact_neighbours_are_those_of_brute_force() -> None:
    vectors = np.random.default_rng(5).normal(size=(60, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = {tuple(pair) for pairs, _ in generation.nearest(vectors, Sides(None, None)) for pair in pairs.tolist()}
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    expected = {tuple(sorted((a, int(b)))) for a in range(60) for b in np.argsort(-cosines[a])[:10]}
    assert found == expected


def test_rare_words_in_common_make_candidates_and_common_words_do_not() -> None:
    words = [["the", "zorb"], ["the", "zorb"], ["the", "quux"]] + [["the"]] * 60
    statistics = WordStatistics(63, {"the": 63, "zorb": 2, "quux": 1})
    assert generation.sharing_rare_words(words, statistics, Sides(None, None)).tolist() == [[0, 1]]
