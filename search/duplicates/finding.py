"""Finds the pairs of a whole collection that may be duplicates: candidates, evidence, what other pairs say, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.models import Collection
from search.duplicates import candidates, lookup, vocabulary
from search.duplicates.candidates import Floats, Pairs, Sides
from search.duplicates.comparison import LIKELY, Comparer, Settled, clean_sources
from search.duplicates.explanation import describe
from search.duplicates.profile import fingerprint_of
from search.duplicates.records import Record, records_of_collection
from search.duplicates.rules import Rules, Value
from search.duplicates.scoring import Scorer, to_score
from search.duplicates.store import FoundPair
from search.duplicates.structure import Pair
from search.duplicates.words import WordStatistics
from search.models import EmbeddingSpace
from search.retrieval.indexes import has_vector_index

EXACT_BELOW = 12_000  # items that are compared with each other exactly
LOOKUP_SIZE = 500  # items whose neighbours are asked for at a time
STEP = 2_000  # pairs compared between two reports of progress
CANDIDATE_SHARE = 0.4  # of the time, about

OnProgress = Callable[[str, float], None]  # what is done now, and the share of the whole that is done


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of looking through a collection. Pairs are of item numbers, `records` says which items these are."""

    records: Sequence[Record]
    statistics: WordStatistics
    clean: Mapping[Value, bool]
    settled: Settled
    comparer: Comparer

    def pairs(self, least: float) -> Iterator[FoundPair]:
        """The pairs with at least that score, each with its evidence."""
        for pair, total in self.settled.total.items():
            if (score := to_score(total)) >= least:
                yield found_pair(self.comparer, self.settled, pair, score)

    def candidate_ids(self) -> Iterator[tuple[int, int]]:
        """All pairs that were compared, as item ids."""
        for left, right in self.settled.own:
            yield self.records[left].item_id, self.records[right].item_id


def found_pair(comparer: Comparer, settled: Settled, pair: Pair, score: float) -> FoundPair:
    """The pair as it is stored."""
    left, right = (comparer.records[item] for item in pair)
    evidence = describe(comparer.evidence(pair), comparer.scorer, settled.total[pair] - settled.own[pair])
    if left.item_id > right.item_id:
        left, right = right, left
    is_flagged = score >= comparer.rules.flag
    return FoundPair(left.item_id, right.item_id, score, is_flagged, evidence, left.digest, right.digest)


def find(collection: Collection, space: EmbeddingSpace, rules: Rules, scorer: Scorer, report: OnProgress) -> Findings:
    """Looks through all visible items of the collection."""
    report("reading", 0.0)
    records = [record for batch in records_of_collection(collection, space) for record in batch]
    words = _words(records)
    statistics = vocabulary.count(words)
    sides = _sides(records, rules)
    vectors = _matrix(records, space.dimensions)
    report("neighbours", 0.05)
    pairs = candidates.unique(
        [
            _neighbours(collection, space, rules, records, vectors, sides, report),
            candidates.sharing_rare_words(words, statistics, sides),
            candidates.same_key([[fingerprint_of(one.title, one.body)] for one in records], sides),
            candidates.same_key([one.identifiers for one in records], sides),
        ]
    )
    del words
    comparer = Comparer(records, statistics, rules, scorer)
    own = _compare(comparer, pairs, candidates.cosines_of(pairs, vectors), report)
    clean = _clean(comparer, own, vectors) if rules.across else {}
    report("settling", 0.98)
    return Findings(records, statistics, clean, comparer.settle(own, clean), comparer)


def _words(records: Sequence[Record]) -> list[list[str]]:
    """The different words of each item; equal words are one object, or this would take a gigabyte."""
    known: dict[str, str] = {}
    return [
        [known.setdefault(word, word) for word in set(vocabulary.words_of_item(record.title, record.body))]
        for record in records
    ]


def _sides(records: Sequence[Record], rules: Rules) -> Sides:
    return Sides(
        source=candidates.number(rules.source_of(one.attributes) for one in records) if rules.across else None,
        block=candidates.number(rules.block_of(one.attributes) for one in records) if rules.same else None,
    )


def _matrix(records: Sequence[Record], dimensions: int) -> Floats:
    vectors = np.zeros((len(records), dimensions), dtype=np.float32)
    for row, record in enumerate(records):
        if len(record.vector):
            vectors[row] = record.vector
    return vectors


def _neighbours(
    collection: Collection,
    space: EmbeddingSpace,
    rules: Rules,
    records: Sequence[Record],
    vectors: Floats,
    sides: Sides,
    report: OnProgress,
) -> Pairs:
    """Exactly for a small collection or one without a vector index, else by the index."""
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        report("neighbours", 0.05 + (CANDIDATE_SHARE - 0.05) * done / max(len(records), 1))

    if len(records) <= EXACT_BELOW or not has_vector_index(collection, space):
        return candidates.nearest(vectors, sides, advance)
    numbers = {record.item_id: at for at, record in enumerate(records)}
    found: list[tuple[int, int]] = []
    for start in range(0, len(records), LOOKUP_SIZE):
        ids = [record.item_id for record in records[start : start + LOOKUP_SIZE]]
        near = lookup.neighbours(collection, space, ids, rules)
        found += [(numbers[one], numbers[other]) for one, other in near if one in numbers and other in numbers]
        advance(len(ids))
    pairs: NDArray[np.int64] = np.array(found, dtype=np.int64).reshape(-1, 2)
    return candidates.unique([pairs[sides.may_pair(pairs[:, 0], pairs[:, 1])]])


def _compare(comparer: Comparer, pairs: Pairs, cosines: NDArray[np.float64], report: OnProgress) -> dict[Pair, float]:
    own: dict[Pair, float] = {}
    for start in range(0, len(pairs), STEP):
        part = zip(pairs[start : start + STEP].tolist(), cosines[start : start + STEP].tolist(), strict=True)
        for (left, right), cosine in part:
            own[(left, right)] = comparer.own((left, right), cosine)
        report("comparing", CANDIDATE_SHARE + (0.98 - CANDIDATE_SHARE) * (start + STEP) / max(len(pairs), STEP))
    return own


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

    likely = (pair for pair, total in own.items() if total >= LIKELY)
    return clean_sources(likely, comparer, inside)
