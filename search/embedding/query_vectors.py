"""The vector of a query, encoded once: each process remembers the last by space and normalised text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from search.embedding.encoders.registry import encoder_of, is_loaded
from search.embedding.text import passage_spans
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind
from search.timing import stage

REMEMBERED = 4_000  # queries, at 1.5 kB each with 384 dimensions


def whole_words(space: EmbeddingSpace, words: Sequence[str]) -> set[str] | None:
    """Those of the words that the space's model knows as one; None where it cannot say, or is not in this process."""
    return encoder_of(space).whole_words(words) if is_loaded(space) else None


def similarities(
    space: EmbeddingSpace, vector: NDArray[np.float32], texts: Sequence[str]
) -> NDArray[np.float32] | None:
    """The cosine of each short text to the query's vector, None where that would take a request to another machine."""
    if space.kind == EncoderKind.HTTP or not texts:
        return None
    found: NDArray[np.float32] = encoder_of(space).encode_documents(texts) @ vector
    return found


def query_vector(space: EmbeddingSpace, text: str) -> NDArray[np.float32]:
    """A unit vector of shape (dimensions,), not to be written to. Raises EncoderUnavailable."""
    return _remembered(space, " ".join(unicodedata.normalize("NFKC", text).split()))


def query_windows(space: EmbeddingSpace, text: str, max_tokens: int) -> list[str]:
    """The text in pieces of at most `max_tokens`, which the space's model reads whole. Raises EncoderUnavailable."""
    encoder = encoder_of(space)
    most = min(max_tokens, encoder.max_tokens)
    if len(text) <= most:  # no token is shorter than a character
        return [text]
    spans = passage_spans(text, encoder.token_offsets([text])[0], most)
    return [text[span.start : span.end] for span in spans]


@lru_cache(maxsize=REMEMBERED)
@stage("search.encode")
def _remembered(space: EmbeddingSpace, normalised: str) -> NDArray[np.float32]:
    vector = encoder_of(space).encode_query(normalised)
    vector.flags.writeable = False
    return vector


def forget_queries() -> None:
    """For tests, whose spaces have the numbers of earlier ones."""
    _remembered.cache_clear()
