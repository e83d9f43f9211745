"""The items read for some checks, numbered as they come, and the evidence on their pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from catalog.models import Collection
from search.duplicates.calibration.tuning import estimate_of, scorer_of
from search.duplicates.candidates import lookup
from search.duplicates.comparing import pair_store, word_counts
from search.duplicates.comparing.comparison import Comparer, Settled
from search.duplicates.comparing.records import Record, records_by_id
from search.duplicates.evidence.structure import Pair
from search.duplicates.rules import Rules, Value
from search.models import EmbeddingSpace


class Pool:
    """Items read so far for some checks, numbered as they come, and the evidence on their pairs."""

    def __init__(self, collection: Collection, space: EmbeddingSpace, rules: Rules) -> None:
        self._collection, self._space, self._rules = collection, space, rules
        self.statistics = word_counts.statistics_of(collection)
        estimate = estimate_of(collection)
        scorer = estimate.applied_to(scorer_of(collection))
        self.comparer = Comparer([], self.statistics, rules, scorer, estimate.agreement)
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

    def add_unsaved(self, record: Record) -> None:
        """Takes in an item that is not stored; its id is that of no item."""
        self.numbers[record.item_id] = self.comparer.add(record)

    def pairs_with(self, item_id: int, others: Iterable[int]) -> dict[Pair, float]:
        """The pairs of one item with others that the policy allows, with their own log-odds."""
        found = list(others)
        self._read(found)
        pairs = {_ordered(item_id, other) for other in found if other != item_id}
        return {pair: self._own(pair) for pair in sorted(pairs) if self._may_pair(pair)}

    def settle(self, own: Mapping[Pair, float]) -> Settled:
        """What the other pairs say; `own` are pairs of item ids, the result is of the comparer's numbers."""
        numbers = self.numbers
        numbered = {_ordered(numbers[left], numbers[right]): total for (left, right), total in own.items()}
        return self.comparer.settle(numbered, self.clean)

    def stored_pairs(self, ids: Sequence[int]) -> dict[Pair, float]:
        """The pairs of these items that a scan has found, with their own log-odds."""
        pairs = {_ordered(*pair) for pair in pair_store.pairs_of(ids)}
        self._read({item for pair in pairs for item in pair})
        return {pair: self._own(pair) for pair in sorted(pairs) if self._may_pair(pair)}

    def _others(self, item_id: int) -> set[int]:
        record = self.comparer.records[self.numbers[item_id]]
        words = word_counts.words_of_item(record.title, record.body)
        others = lookup.sharing_rare_words(self._collection, words, self.statistics, [item_id])
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
