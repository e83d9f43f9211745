"""Compares items soon after they were embedded. What is still to be compared is in PostgreSQL: see `checked_digest`.

A process that dies loses nothing: an item counts as compared only when its pairs are stored.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from catalog.models import Collection, Item
from search.duplicates.calibration.tuning import scorer_of
from search.duplicates.candidates import lookup
from search.duplicates.comparing import pair_store, word_counts
from search.duplicates.comparing.comparison import Comparer
from search.duplicates.comparing.finding import found_pair
from search.duplicates.comparing.pair_store import FoundPair
from search.duplicates.comparing.records import records_by_id
from search.duplicates.comparing.scan import ScanRuns, database_time, mark_checked, pairs_lock, scan, waiting_scan
from search.duplicates.evidence.scorer import to_score
from search.duplicates.evidence.structure import Pair
from search.duplicates.rules import Rules, Value, rules_of
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace

BATCH_SIZE = 32  # items compared at a time
MAX_BACKLOG = 500  # items of a collection that wait for their vectors: an import is under way and goes first
SCAN_FROM = 1_000  # items of a collection to be compared from which a scan of all is cheaper
WIDENING_LOG_ODDS = -2.0  # log-odds from which a partner's own candidates are looked at, too

# The condition has to be that of the index item_embedding_unchecked.
UNCHECKED = """
    FROM search_itemembedding e
    WHERE e.space_id = %(space)s AND e.state = 'embedded'
      AND NOT (e.checked_digest = e.digest AND e.checked_digest IS NOT NULL AND e.digest IS NOT NULL)
"""

IMPORTING = """
    SELECT collection_id FROM search_itemembedding WHERE space_id = %s AND state = 'pending'
    GROUP BY collection_id HAVING count(*) > %s
"""


def check_embedded(*, seconds: float = 20) -> int:
    """Compares items that were embedded since, until none is left or the time is over; returns how many.

    A collection that is being imported waits until it is embedded, and no scan starts beside an import.
    """
    deadline = time.monotonic() + seconds
    space = active_space()
    importing = _importing(space)
    done = 0
    for collection_id, count in _waiting(space).items():
        must_wait = collection_id in importing or (bool(importing) and count >= SCAN_FROM)
        collection = None if must_wait else Collection.objects.filter(pk=collection_id).first()
        if collection is not None and time.monotonic() < deadline:
            done += _check_collection(collection, space, count, deadline)
    return done


def _importing(space: EmbeddingSpace) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(IMPORTING, [space.pk, MAX_BACKLOG])
        return {row[0] for row in cursor.fetchall()}


def _waiting(space: EmbeddingSpace) -> dict[int, int]:
    """How many items of each collection are to be compared, the fewest first."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT e.collection_id, count(*) {UNCHECKED} GROUP BY 1 ORDER BY 2, 1", {"space": space.pk})
        return dict(cursor.fetchall())


def _check_collection(collection: Collection, space: EmbeddingSpace, count: int, deadline: float) -> int:
    if count >= SCAN_FROM or waiting_scan(collection):
        try:
            scan(collection=collection)
        except ScanRuns:
            return 0
        return count
    done = 0
    with pairs_lock(collection) as is_mine:
        while is_mine and time.monotonic() < deadline and (ids := _next(collection, space)):
            check_items(collection, space, ids)
            done += len(ids)
    return done


def _next(collection: Collection, space: EmbeddingSpace) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.item_id {UNCHECKED} AND e.collection_id = %(collection)s ORDER BY e.id LIMIT {BATCH_SIZE}",
            {"space": space.pk, "collection": collection.pk},
        )
        return [row[0] for row in cursor.fetchall()]


def check_items(collection: Collection, space: EmbeddingSpace, ids: Sequence[int]) -> None:
    """Compares these items with their collection and stores their pairs; one that is hidden loses its suggestions."""
    rules, since = rules_of(collection), database_time()
    seen = [(pk, bytes(digest)) for pk, digest in Item.objects.filter(pk__in=ids).values_list("pk", "text_digest")]
    found = find_pairs(collection, space, rules, ids) if rules.is_enabled else []
    pair_store.replace_pairs(collection, found, since=since, items=ids)
    mark_checked(collection, space, seen)


def find_pairs(collection: Collection, space: EmbeddingSpace, rules: Rules, ids: Sequence[int]) -> list[FoundPair]:
    """The pairs of these items that qualify, scored as a scan would, but with the nearest other pairs only."""
    pool = _Pool(collection, space, rules)
    first = pool.candidates(ids)
    likely = {one for pair in first if first[pair] >= WIDENING_LOG_ODDS for one in pair} - set(ids)
    own = {**pool.candidates(sorted(likely)), **first}
    comparer, numbers = pool.comparer, pool.numbers
    numbered = {_ordered(numbers[left], numbers[right]): total for (left, right), total in own.items()}
    settled = comparer.settle(numbered, pool.clean)
    wanted = {numbers[one] for one in ids if one in numbers}
    return [
        found_pair(comparer, settled, pair, to_score(total))
        for pair, total in settled.total.items()
        if to_score(total) >= rules.suggest and not wanted.isdisjoint(pair)
    ]


class _Pool:
    """Items read so far for some checks, numbered as they come, and the evidence on their pairs."""

    def __init__(self, collection: Collection, space: EmbeddingSpace, rules: Rules) -> None:
        self._collection, self._space, self._rules = collection, space, rules
        self._statistics = word_counts.statistics_of(collection)
        self.comparer = Comparer([], self._statistics, rules, scorer_of(collection))
        self.numbers: dict[int, int] = {}
        self.clean: Mapping[Value, bool] = word_counts.clean_sources_of(collection)

    def candidates(self, ids: Sequence[int]) -> dict[Pair, float]:
        """The candidate pairs of these items, as pairs of item ids, with their own log-odds."""
        self._read(ids)
        visible = [one for one in ids if one in self.numbers]
        pairs = {_ordered(*pair) for pair in lookup.neighbours(self._collection, self._space, visible, self._rules)}
        for one in visible:
            pairs |= {_ordered(one, other) for other in self._others(one)}
        pairs |= pair_store.pairs_of(visible)
        self._read({one for pair in pairs for one in pair})
        return {pair: self._own(pair) for pair in sorted(pairs) if self._may_pair(pair)}

    def _others(self, item_id: int) -> set[int]:
        record = self.comparer.records[self.numbers[item_id]]
        words = word_counts.words_of_item(record.title, record.body)
        others = lookup.sharing_rare_words(self._collection, words, self._statistics, [item_id])
        twins = lookup.twins(self._collection, record.digest, sorted(record.identifiers))
        return {*others, *twins} - {item_id}

    def _read(self, ids: Iterable[int]) -> None:
        missing = set(ids) - self.numbers.keys()
        for item_id, record in records_by_id(missing, self._space).items():
            self.numbers[item_id] = self.comparer.add(record)

    def _may_pair(self, pair: Pair) -> bool:
        if not all(one in self.numbers for one in pair):
            return False
        left, right = (self.comparer.records[self.numbers[one]].attributes for one in pair)
        return self._rules.may_pair(left, right)

    def _own(self, pair: Pair) -> float:
        return self.comparer.own(_ordered(self.numbers[pair[0]], self.numbers[pair[1]]))


def _ordered(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)
