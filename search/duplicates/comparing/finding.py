"""Finds the pairs of a whole collection that may be duplicates: candidates, evidence, what other pairs say, scores."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from catalog.models import Collection
from search.duplicates.calibration.estimate import Estimate
from search.duplicates.calibration.weighing import informs
from search.duplicates.candidates import crowds, generation
from search.duplicates.candidates.generation import Floats, Pairs, Sides
from search.duplicates.comparing import word_counts
from search.duplicates.comparing.comparison import SPEAKING_LOG_ODDS, Comparer, Settled, clean_sources
from search.duplicates.comparing.kept_pairs import KeptPairs, fingerprint_of
from search.duplicates.comparing.neighbours import Neighbours
from search.duplicates.comparing.pair_store import FoundPair
from search.duplicates.comparing.records import Record, records_of_collection
from search.duplicates.comparing.second_look import learn, variants_among
from search.duplicates.evidence.explanation import describe
from search.duplicates.evidence.scorer import Scorer, to_score
from search.duplicates.evidence.structure import Pair
from search.duplicates.reading.marks import marks_of_item
from search.duplicates.reading.profile import fingerprint_of as settled_digest
from search.duplicates.reading.words import WordStatistics
from search.duplicates.rules import Rules, Value
from search.models import EmbeddingSpace

if TYPE_CHECKING:
    from scipy import sparse

ALL_LISTS = 2**31 - 1  # of neighbours: none is to be looked up again
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
    """Looks through all visible items of the collection, from where an interrupted scan of the same items stopped.

    1. count in how many items each word occurs
    2. compare each item with its neighbours, those that share rare words, the same text or an identifier
    3. compare crowded items with more
    4. learn from the pairs what agreement is worth here, and settle what other pairs say
    """
    report("reading", 0.0)
    records, vectors = _read(collection, space)
    sides = _sides(records, rules)
    kept = KeptPairs(collection, fingerprint_of(records, vectors, space, rules, scorer))
    own = kept.restore()
    with Neighbours(collection, space, rules, records, vectors, sides, kept.lists) as neighbours:
        report("words", 0.05)
        words = _words(records)
        statistics = _statistics(records, words, rules)
        other = _other_candidates(records, words, statistics, sides)
        table = crowds.table_of(words, statistics)
        del words
        comparer = Comparer(records, statistics, rules, scorer)
        work = _Work(comparer, vectors, own, kept, report)
        work.compare_neighbours(neighbours)
        work.compare_others(other)
        work.compare_crowds(table, sides)
    report("settling", 0.98)
    estimate = learn(comparer, own, is_calibrated=is_calibrated)
    clean = _clean(comparer, own, vectors) if rules.across else {}
    settled = comparer.settle(own, clean)
    variants = variants_among(comparer, settled.own, settled.total)
    return Findings(records, statistics, clean, settled, comparer, estimate, variants)


def _read(collection: Collection, space: EmbeddingSpace) -> tuple[list[Record], Floats]:
    """All visible items, and their vectors as one matrix, of which each record has its row."""
    records = [record for batch in records_of_collection(collection, space) for record in batch]
    vectors = _matrix(records, space.dimensions)
    with_rows = zip(records, vectors, strict=True)
    return [replace(record, vector=row) if len(record.vector) else record for record, row in with_rows], vectors


def _statistics(records: Sequence[Record], words: Sequence[Sequence[str]], rules: Rules) -> WordStatistics:
    return word_counts.count(
        (*own, *set(marks_of_item(record.title, record.body, rules.compared(record.attributes))))
        for own, record in zip(words, records, strict=True)
    )


def _other_candidates(
    records: Sequence[Record], words: Sequence[Sequence[str]], statistics: WordStatistics, sides: Sides
) -> Pairs:
    """Pairs that are candidates whatever their vectors say."""
    return generation.unique(
        [
            generation.sharing_rare_words(words, statistics, sides),
            generation.same_key([[settled_digest(record.title, record.body)] for record in records], sides),
            generation.same_key([record.identifiers for record in records], sides),
        ]
    )


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


@dataclass(frozen=True, slots=True)
class _Work:
    """Comparing pairs of items, with what is known so far and where it is kept and reported."""

    comparer: Comparer
    vectors: Floats
    own: dict[Pair, float]
    kept: KeptPairs
    report: OnProgress

    def compare_neighbours(self, neighbours: Neighbours) -> None:
        for pairs, lists, share in neighbours.lists():
            self._compare(pairs)
            self.kept.keep(self.own, lists)
            self.report("comparing", 0.1 + 0.7 * share)

    def compare_others(self, pairs: Pairs) -> None:
        for share in self._in_steps(pairs):
            self.kept.keep(self.own, ALL_LISTS)
            self.report("comparing", 0.8 + 0.1 * share)
        self.kept.keep(self.own, ALL_LISTS, is_due=True)  # what follows depends on which pairs were compared before

    def compare_crowds(self, table: sparse.csr_matrix, sides: Sides) -> None:
        for share in self._in_steps(crowds.around_crowds(self.own, table, sides)):
            self.report("comparing", 0.9 + 0.08 * share)

    def _in_steps(self, pairs: Pairs) -> Iterator[float]:
        """Compares step by step, with the share that is done before each."""
        for start in range(0, len(pairs), STEP):
            yield start / len(pairs)
            self._compare(pairs[start : start + STEP])

    def _compare(self, pairs: Pairs) -> None:
        """Adds the log-odds of the pairs that are not known yet."""
        cosines = generation.cosines_of(pairs, self.vectors).tolist()
        for (left, right), cosine in zip(pairs.tolist(), cosines, strict=True):
            if (left, right) not in self.own:
                self.own[(left, right)] = self.comparer.own((left, right), cosine)


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
