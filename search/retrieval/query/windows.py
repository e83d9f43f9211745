"""The vector of a query, also of one that is longer than the model reads at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from search.embedding.query_vectors import query_windows
from search.models import EmbeddingSpace
from search.retrieval.query.stemming import stem
from search.retrieval.query.unknown_words import Read

MAX_WINDOWS = 2  # that are encoded: each takes about as long as all else of a search

Vector = NDArray[np.float32]
Encode = Callable[[EmbeddingSpace, str], Vector]

_WORD = re.compile(r"\w+")


def vector_of(space: EmbeddingSpace, language: str, read: Read, encode: Encode) -> Vector:
    """A unit vector of shape (dimensions,). Raises EncoderUnavailable.

    A long text is cut into windows. The mean of an item's similarities to them is its similarity to the mean of their
    vectors, so one vector stands for all: of the windows with the weightiest words, each by the weight of its words.
    """
    windows = query_windows(space, read.parsed.text)
    if len(windows) == 1:
        return encode(space, read.parsed.text)
    idf = {lexeme: read.words.idf(word) for word in read.words.words for lexeme in word.lexemes}
    weighed = [(window_weight(window, idf, language), -n, window) for n, window in enumerate(windows)]
    chosen = sorted(weighed, reverse=True)[:MAX_WINDOWS]
    total = sum((max(weight, 1e-6) * encode(space, window) for weight, _, window in chosen), np.float32(0))
    vector: Vector = np.asarray(total / np.linalg.norm(total), dtype=np.float32)
    return vector


def window_weight(window: str, idf: Mapping[str, float], language: str) -> float:
    """What the window's distinct words weigh together."""
    words = {word.lower() for word in _WORD.findall(window)}
    lexemes = {word if word in idf else stem(word, language) for word in words}
    return sum(idf.get(lexeme, 0.0) for lexeme in lexemes)
