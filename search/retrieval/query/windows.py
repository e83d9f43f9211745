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

MAX_TOKENS = 80  # that are encoded, a paragraph: with more, encoding would take longer than all else of a search

Vector = NDArray[np.float32]
Encode = Callable[[EmbeddingSpace, str], Vector]

_WORD = re.compile(r"\w+")


def vector_of(space: EmbeddingSpace, language: str, read: Read, encode: Encode) -> Vector:
    """A unit vector of shape (dimensions,). Raises EncoderUnavailable.

    A long text is cut into windows, and the one whose words weigh most stands for it. The lexical leg reads all of
    them. Several shorter windows, or the weightiest sentences, found less at the same cost.
    """
    windows = query_windows(space, read.parsed.text, MAX_TOKENS)
    if len(windows) == 1:
        return encode(space, read.parsed.text)
    weights = {lexeme: read.words.weight(word) for word in read.words.words for lexeme in word.lexemes}
    return encode(space, max(windows, key=lambda window: window_weight(window, weights, language)))


def window_weight(window: str, weights: Mapping[str, float], language: str) -> float:
    """What the window's distinct words weigh together."""
    words = {word.lower() for word in _WORD.findall(window)}
    lexemes = {word if word in weights else stem(word, language) for word in words}
    return sum(weights.get(lexeme, 0.0) for lexeme in lexemes)
