"""Finds the pairs of a whole collection that may be duplicates: candidates, evidence, what other pairs say, scores."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
from django.db import connection

from catalog.models import Collection
from search.duplicates.calibration.estimate import Estimate
from search.duplicates.calibration.weighing import informs
from search.duplicates.candidates import crowds, generation, lookup
from search.duplicates.candidates.generation import Floats, Pairs, Sides
from search.duplicates.comparing import word_counts
from search.duplicates.comparing.comparison import SPEAKING_LOG_ODDS, Comparer, Settled, clean_sources
from search.duplicates.comparing.pair_store import FoundPair
from search.duplicates.comparing.records import Record, records_of_collection
from search.duplicates.comparing.second_look import learn, variants_among
from search.duplicates.evidence.explanation import describe
from search.duplicates.evidence.scorer import Scorer, to_score
from search.duplicates.evidence.structure import Pair
from search.duplicates.reading.marks import marks_of_item
from search.duplicates.reading.profile import fingerprint_of
from search.duplicates.reading.words import WordStatistics
from search.duplicates.rules import Rules, Value
from search.models import EmbeddingSpace
from search.retrieval.upkeep.indexes import has_vector_index

EXACT_BELOW = 12_000  # items that are compared with each other exactly
LOOKUP_SIZE = 500  # items whose neighbours are asked for at a time
STEP = 2_000  # pairs compared between two reports of progress

OnProgress = Callable[[str, float], None]  # what is done now, and the share of the whole that is done


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of looking through a collection. Pairs are of item numbers, `records` says which items these are."""

    records: Sequence[Record]
    statistics: WordStatistics
    clean: Mapping[Value, bool]
    settled: Settled
    comparer: Comparer
    estimate: Estimate
    variants: Container[Pair]

    def pairs(self, least: float) -> Iterator[FoundPair]:
        """The pairs with at least that score, and variants, each with its evidence."""
        for pair, total in self.settled.total.items():
            is_variant = pair in self.variants
            if (score := to_score(total)) >= least or is_variant:
                yield found_pair(self.comparer, self.settled, pair, score, is_variant=is_variant)

    def candidate_ids(self) -> Iterator[tuple[int, int]]:
        """All pairs that were compared, as item ids."""
        for left, right in self.settled.own:
            yield self.records[left].item_id, self.records[right].item_id


def found_pair(
    comparer: Comparer, settled: Settled, pair: Pair, score: float, *, is_variant: bool = False
) -> FoundPair:
    """The pair as it is stored."""
    left, right = (comparer.records[item] for item in pair)
    evidence = describe(comparer.evidence(pair), comparer.scorer, settled.total[pair] - settled.own[pair])
    if left.item_id > right.item_id:
        left, right = right, left
    is_flagged = score >= comparer.rules.flag
    return FoundPair(
        left.item_id,
        right.item_id,
        score,
        is_flagged,
        is_variant,
        informs(left.item_id, right.item_id, score),
        evidence,
        left.digest,
        right.digest,
    )


def find(
    collection: Collection,
    space: EmbeddingSpace,
    rules: Rules,
    scorer: Scorer,
    report: OnProgress,
    *,
    is_calibrated: bool = False,
) -> Findings:
    """Looks through all visible items of the collection."""
    report("reading", 0.0)
    records = [record for batch in records_of_collection(collection, space) for record in batch]
    sides = _sides(records, rules)
    vectors = _matrix(records, space.dimensions)
    records = [replace(one, vector=row) if len(one.vector) else one for one, row in zip(records, vectors, strict=True)]
    with _Neighbours(collection, space, rules, records, vectors, sides) as neighbours:
        report("words", 0.05)
        words = _words(records)
        statistics = word_counts.count(
            (*own, *set(marks_of_item(one.title, one.body, rules.compared(one.attributes))))
            for own, one in zip(words, records, strict=True)
        )
        other = generation.unique(
            [
                generation.sharing_rare_words(words, statistics, sides),
                generation.same_key([[fingerprint_of(one.title, one.body)] for one in records], sides),
                generation.same_key([one.identifiers for one in records], sides),
            ]
        )
        table = crowds.table_of(words, statistics)
        del words
        comparer = Comparer(records, statistics, rules, scorer)
        own: dict[Pair, float] = {}
        for pairs, share in neighbours.chunks():
            _compare(comparer, pairs, vectors, own)
            report("comparing", 0.1 + 0.7 * share)
        for share in _compare_all(comparer, other, vectors, own):
            report("comparing", 0.8 + 0.1 * share)
        for share in _compare_all(comparer, crowds.around_crowds(own, table, sides), vectors, own):
            report("comparing", 0.9 + 0.08 * share)
    report("settling", 0.98)
    estimate = learn(comparer, own, is_calibrated=is_calibrated)
    clean = _clean(comparer, own, vectors) if rules.across else {}
    settled = comparer.settle(own, clean)
    variants = variants_among(comparer, settled.own, settled.total)
    return Findings(records, statistics, clean, settled, comparer, estimate, variants)


def _words(records: Sequence[Record]) -> list[list[str]]:
    """The different words of each item; equal words are one object, or this would take a gigabyte."""
    known: dict[str, str] = {}
    return [
        [known.setdefault(word, word) for word in set(word_counts.words_of_item(record.title, record.body))]
        for record in records
    ]


def _sides(records: Sequence[Record], rules: Rules) -> Sides:
    return Sides(
        source=generation.number(rules.source_of(one.attributes) for one in records) if rules.across else None,
        block=generation.number(rules.block_of(one.attributes) for one in records) if rules.same else None,
    )


def _matrix(records: Sequence[Record], dimensions: int) -> Floats:
    vectors = np.zeros((len(records), dimensions), dtype=np.float32)
    for row, record in enumerate(records):
        if len(record.vector):
            vectors[row] = record.vector
    return vectors


class _Neighbours:
    """Neighbours chunk by chunk: exact for a small collection or one without a vector index, else by the index.

    PostgreSQL looks up the next chunks in a thread while this one compares, so that both have a processor.
    """

    def __init__(
        self,
        collection: Collection,
        space: EmbeddingSpace,
        rules: Rules,
        records: Sequence[Record],
        vectors: Floats,
        sides: Sides,
    ) -> None:
        self._collection, self._space, self._rules = collection, space, rules
        self._records, self._vectors, self._sides = records, vectors, sides
        self._executor: ThreadPoolExecutor | None = None
        self._lookups: list[Future[list[tuple[int, int]]]] = []

    def __enter__(self) -> Self:
        if len(self._records) > EXACT_BELOW and has_vector_index(self._collection, self._space):
            ids = [record.item_id for record in self._records]
            self._executor = ThreadPoolExecutor(1, "neighbours")
            for start in range(0, len(ids), LOOKUP_SIZE):
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

    def chunks(self) -> Iterator[tuple[Pairs, float]]:
        """Pairs, and the share of the items that is looked up after them. A pair may come twice."""
        if self._executor is None:
            yield from generation.nearest(self._vectors, self._sides)
            return
        numbers = {record.item_id: at for at, record in enumerate(self._records)}
        for done, found in enumerate(self._lookups, 1):
            known = [
                (numbers[one], numbers[other]) for one, other in found.result() if one in numbers and other in numbers
            ]
            pairs: Pairs = np.array(known, dtype=np.int64).reshape(-1, 2)
            allowed = pairs[self._sides.may_pair(pairs[:, 0], pairs[:, 1])]
            yield generation.unique([allowed]), done / len(self._lookups)


def _compare_all(comparer: Comparer, pairs: Pairs, vectors: Floats, own: dict[Pair, float]) -> Iterator[float]:
    """Compares step by step, with the share that is done before each."""
    for start in range(0, len(pairs), STEP):
        yield start / len(pairs)
        _compare(comparer, pairs[start : start + STEP], vectors, own)


def _compare(comparer: Comparer, pairs: Pairs, vectors: Floats, own: dict[Pair, float]) -> None:
    """Adds the log-odds of the pairs that are not known yet."""
    for (left, right), cosine in zip(pairs.tolist(), generation.cosines_of(pairs, vectors).tolist(), strict=True):
        if (left, right) not in own:
            own[(left, right)] = comparer.own((left, right), cosine)


def _clean(comparer: Comparer, own: Mapping[Pair, float], vectors: Floats) -> dict[Value, bool]:
    members: dict[Value, list[int]] = {}
    for item in range(len(comparer.records)):
        members.setdefault(comparer.source_of(item), []).append(item)

    def inside(items: Sequence[int]) -> Iterable[Pair]:
        same = np.array(members[comparer.source_of(items[0])])
        cosines = vectors[list(items)] @ vectors[same].T
        cosines[np.array(items)[:, None] == same[None, :]] = -2
        for item, row in zip(items, cosines, strict=True):
            yield from ((item, int(other)) for other in same[np.argsort(-row)[:3]] if other != item)

    likely = (pair for pair, total in own.items() if total >= SPEAKING_LOG_ODDS)
    return clean_sources(likely, comparer, inside)
