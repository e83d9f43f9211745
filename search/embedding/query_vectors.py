"""The vector of a query, encoded once: each process remembers the last by space and normalised text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from search.embedding.encoders.registry import encoder_of, is_loaded
from search.embedding.text import passage_spans
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind
from search.timing import stage

REMEMBERED = 4_000  # queries, at 1.5 kB each with 384 dimensions
AHEAD_THREADS = 4
MAX_AHEAD = 300  # characters: a longer text may be cut into windows first

Encode = Callable[[EmbeddingSpace, str], NDArray[np.float32]]


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


def encode_ahead(space: EmbeddingSpace, typed: str) -> Encode:
    """Begins to encode what was typed, which is mostly what is meant in the end; the answer is asked as `query_vector`.

    Only where that takes this machine's time alone: a text that turns out to be another is encoded once more.
    """
    if space.kind == EncoderKind.HTTP or len(typed) > MAX_AHEAD or not is_loaded(space):
        return query_vector
    begun = _ahead().submit(copy_context().run, query_vector, space, typed)  # traces and logs go on there
    return lambda asked, text: begun.result() if (asked, text) == (space, typed) else query_vector(asked, text)


@cache
def _ahead() -> ThreadPoolExecutor:
    """Made by the first search, so that no fork is without its threads."""
    return ThreadPoolExecutor(AHEAD_THREADS, thread_name_prefix="encode-ahead")


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
