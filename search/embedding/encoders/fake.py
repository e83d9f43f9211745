"""An encoder for tests: deterministic, instant, and as slow or as choosy as a test asks for."""

from __future__ import annotations

import hashlib
import re
import time
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from search.embedding.encoders.port import Vectors, checked
from search.embedding.text import Offsets
from search.models import EmbeddingSpace


class FakeEncoder:
    """Hashes words into a vector: no meaning beyond shared words.

    Options of the space: `seconds_per_text`, and `poison`, a word whose text raises ValueError.
    """

    WORD = re.compile(r"\w+")

    def __init__(self, space: EmbeddingSpace) -> None:
        self.dimensions = space.dimensions
        self.max_tokens = 128
        self._salt = str(space.options.get("salt", ""))
        self._seconds = float(space.options.get("seconds_per_text", 0))
        self._poison = space.options.get("poison")

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        return [[match.span() for match in self.WORD.finditer(text)] for text in texts]

    def whole_words(self, words: Sequence[str]) -> set[str] | None:
        return None

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        if self._seconds:
            time.sleep(self._seconds * len(texts))
        return checked(np.stack([self.encode_query(text) for text in texts]), len(texts), self.dimensions)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        if self._poison and self._poison in text:
            raise ValueError(f"The text contains {self._poison}.")
        vector = np.full(self.dimensions, 1e-3, dtype=np.float32)
        for word in self.WORD.findall(unicodedata.normalize("NFKC", text).lower()):
            digest = hashlib.sha256((self._salt + word).encode()).digest()
            vector[int.from_bytes(digest[:4]) % self.dimensions] += 1.0 if digest[4] % 2 else -1.0
        unit: npt.NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit
