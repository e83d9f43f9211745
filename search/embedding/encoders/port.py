"""What the pipeline and the queries need of an encoder, of whatever kind, and what its vectors must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from search.embedding.text import Offsets
from search.errors import EncoderRefused

Vectors = npt.NDArray[np.float32]  # (texts, dimensions), rows of length one


class Encoder(Protocol):
    """Turns texts into unit vectors. Raises EncoderUnavailable or EncoderRefused."""

    max_tokens: int
    dimensions: int

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        """The characters of each token of each text."""

    def whole_words(self, words: Sequence[str]) -> set[str] | None:
        """Those of the words that the model has a token of their own for, which a slip of the finger hardly has.

        None where the model cannot be asked.
        """

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (texts, dimensions)."""

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """A unit vector of shape (dimensions,)."""


def checked(vectors: Vectors, count: int, dimensions: int) -> Vectors:
    """Returns the vectors. Raises EncoderRefused unless they are finite, of length one and of the shape asked for."""
    if vectors.shape != (count, dimensions):
        raise EncoderRefused(f"The encoder returned shape {vectors.shape}, not {(count, dimensions)}.")
    if not np.isfinite(vectors).all():
        raise EncoderRefused("The encoder returned values that are not finite.")
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3):
        raise EncoderRefused("The encoder returned a vector that is not of length one.")
    return vectors
