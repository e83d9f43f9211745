"""The nearest items of every item of a collection, list by list, for a scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Self

import numpy as np
from django.db import connection

from catalog.models import Collection
from search.duplicates.candidates import generation, lookup
from search.duplicates.candidates.generation import Floats, Pairs, Sides
from search.duplicates.comparing.records import Record
from search.duplicates.rules import Rules
from search.models import EmbeddingSpace
from search.retrieval.upkeep.indexes import has_vector_index

EXACT_BELOW = 12_000  # items that are compared with each other exactly
LOOKUP_SIZE = 500  # items whose neighbours are asked for at a time


class Neighbours:
    """Neighbours list by list: exact for a small collection or one without a vector index, else by the index.

    PostgreSQL looks up the next lists in a thread while this one compares, so that both have a processor. The first
    `skipped` lists are left out.
    """

    def __init__(
        self,
        collection: Collection,
        space: EmbeddingSpace,
        rules: Rules,
        records: Sequence[Record],
        vectors: Floats,
        sides: Sides,
        skipped: int = 0,
    ) -> None:
        self._collection, self._space, self._rules = collection, space, rules
        self._records, self._vectors, self._sides, self._skipped = records, vectors, sides, skipped
        self._executor: ThreadPoolExecutor | None = None
        self._lookups: list[Future[list[tuple[int, int]]]] = []

    def __enter__(self) -> Self:
        if len(self._records) > EXACT_BELOW and has_vector_index(self._collection, self._space):
            ids = [record.item_id for record in self._records]
            self._executor = ThreadPoolExecutor(1, "neighbours")
            for start in range(self._skipped * LOOKUP_SIZE, len(ids), LOOKUP_SIZE):
                part = ids[start : start + LOOKUP_SIZE]
                lookup_part = partial(lookup.neighbours, self._collection, self._space, part, self._rules)
                self._lookups.append(self._executor.submit(lookup_part))
        return self

    def __exit__(self, *error: object) -> None:
        if self._executor is not None:
            for waiting in self._lookups:
                waiting.cancel()
            self._executor.submit(connection.close)
            self._executor.shutdown()

    def lists(self) -> Iterator[tuple[Pairs, int, float]]:
        """Pairs, how many lists are done after them, and the share of the items. A pair may come twice."""
        if self._executor is None:
            for done, (found, share) in enumerate(
                generation.nearest(self._vectors, self._sides, self._skipped), self._skipped + 1
            ):
                yield found, done, share
            return
        numbers = {record.item_id: at for at, record in enumerate(self._records)}
        for done, answer in enumerate(self._lookups, self._skipped + 1):
            known = [
                (numbers[item], numbers[near]) for item, near in answer.result() if item in numbers and near in numbers
            ]
            pairs: Pairs = np.array(known, dtype=np.int64).reshape(-1, 2)
            allowed = pairs[self._sides.may_pair(pairs[:, 0], pairs[:, 1])]
            yield generation.unique([allowed]), done, done / (self._skipped + len(self._lookups))
