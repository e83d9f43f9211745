"""The vector of a query, encoded once: Redis remembers it by space and normalised text."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Sequence

import numpy as np
from django.core.cache import cache
from numpy.typing import NDArray
from redis.exceptions import RedisError

from search.embedding.encoders import encoder_of, is_loaded
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind

logger = logging.getLogger(__name__)

CACHE_SECONDS = 24 * 3_600


def whole_words(space: EmbeddingSpace, words: Sequence[str]) -> set[str]:
    """Those of the words that the space's model knows as one; none while the model is not in this process."""
    return encoder_of(space).whole_words(words) if is_loaded(space) else set()


def similarities(
    space: EmbeddingSpace, vector: NDArray[np.float32], texts: Sequence[str]
) -> NDArray[np.float32] | None:
    """The cosine of each short text to the query's vector, None where that would take a request to another machine."""
    if space.kind == EncoderKind.HTTP or not texts:
        return None
    found: NDArray[np.float32] = encoder_of(space).encode_documents(texts) @ vector
    return found


def query_vector(space: EmbeddingSpace, text: str) -> NDArray[np.float32]:
    """A unit vector of shape (dimensions,). Raises EncoderUnavailable. Without Redis it encodes anew."""
    normalised = " ".join(unicodedata.normalize("NFKC", text).split())
    key = f"query:{space.pk}:{hashlib.sha256(normalised.encode()).hexdigest()}"
    try:
        if (stored := cache.get(key)) is not None:
            return np.frombuffer(stored, dtype=np.float32)
    except (RedisError, OSError) as error:
        logger.warning("Query vectors are not remembered: %s", error)
        return encoder_of(space).encode_query(normalised)
    vector = encoder_of(space).encode_query(normalised)
    try:
        cache.set(key, vector.astype(np.float32).tobytes(), CACHE_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("Query vectors are not remembered: %s", error)
    return vector
