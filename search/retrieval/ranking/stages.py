"""The state of one query between its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from catalog.schemas import SearchSettings
from search.models import EmbeddingSpace
from search.retrieval.query.parsing import ParsedQuery
from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking.legs import Candidates
from search.retrieval.types import Mode


@dataclass(frozen=True, slots=True)
class Prepared:
    """What of a query does not depend on the filters."""

    parsed: ParsedQuery
    words: QueryWords
    settings: SearchSettings
    space: EmbeddingSpace | None = None
    vector: NDArray[np.float32] | None = None
    is_degraded: bool = False
    suggestion: str | None = None  # the typed query in the spelling that was searched for, if that is another

    def is_lexical(self, mode: Mode) -> bool:
        """Whether the words are searched: without an encoder they answer for the semantic leg too."""
        return mode != "semantic" or self.is_degraded


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidate set in its final order. `scores` belong to `order`, which points into `candidates`."""

    candidates: Candidates
    order: NDArray[np.int64]
    scores: NDArray[np.float64]
    identifiers: dict[int, str]  # item id -> the identifier that the query named or begins
    levels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # bands, of `order`
    is_begun: bool = False  # whether it only begins them
    second_scores: dict[int, float] = field(default_factory=dict)  # item id -> score of the second stage
    collapsed: dict[int, tuple[int, ...]] = field(default_factory=dict)  # item id -> the duplicates it stands for
    variants: dict[int, tuple[int, ...]] = field(default_factory=dict)  # item id -> its decided variants
    warnings: tuple[str, ...] = ()
    relaxed: str = ""  # what of the query was left out so that there are more hits

    def picked(self, positions: NDArray[np.int64]) -> Ranked:
        """Only these places of the order, in the order in which they are given."""
        levels = self.levels[positions] if len(self.levels) else self.levels
        return replace(self, order=self.order[positions], scores=self.scores[positions], levels=levels)

    def members(self, ids: Sequence[int]) -> dict[int, int]:
        """These hits and the duplicates that they stand for, in order, each with the hit that stands for it."""
        return {one: hit for hit in ids for one in (hit, *self.collapsed.get(hit, ()))}

    @property
    def ids(self) -> list[int]:
        found: list[int] = self.candidates.ids[self.order].tolist()
        return found
