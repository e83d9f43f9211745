"""The state of one query between its steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.models import EmbeddingSpace
from search.retrieval.legs import Candidates
from search.retrieval.query import ParsedQuery
from search.retrieval.types import Mode
from search.retrieval.words import QueryWords


@dataclass(frozen=True, slots=True)
class Prepared:
    """What of a query does not depend on the filters."""

    parsed: ParsedQuery
    words: QueryWords
    space: EmbeddingSpace | None
    vector: NDArray[np.float32] | None
    is_degraded: bool

    def is_lexical(self, mode: Mode) -> bool:
        """Whether the words are searched: without an encoder they answer for the semantic leg too."""
        return mode != "semantic" or self.is_degraded


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidate set in its final order. `scores` belong to `order`, which points into `candidates`."""

    candidates: Candidates
    order: NDArray[np.int64]
    scores: NDArray[np.float64]
    identifiers: dict[int, str]  # item id -> the identifier that the query named

    @property
    def ids(self) -> list[int]:
        found: list[int] = self.candidates.ids[self.order].tolist()
        return found
