"""Compares the candidates among some items: their own evidence first, then what the other pairs say."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from search.duplicates.calibration.estimate import Estimate
from search.duplicates.comparing.records import Record
from search.duplicates.evidence import structure
from search.duplicates.evidence.attributes import Agreement, likeness_of_attributes
from search.duplicates.evidence.scorer import Scorer
from search.duplicates.evidence.structure import Pair
from search.duplicates.evidence.table import Evidence, set_apart, told_apart
from search.duplicates.evidence.terms import compare
from search.duplicates.reading.profile import Profile, prepare
from search.duplicates.reading.words import WordStatistics
from search.duplicates.rules import Rules, Value

SPEAKING_LOG_ODDS = 0.0  # log-odds from which a pair speaks for or against other pairs
MIN_TWO_STEPS = 50_000  # pairs with a common partner that are compared at least, in a small collection


@dataclass(frozen=True, slots=True)
class Settled:
    """Log-odds of pairs: `own` from the two items alone, `total` with what the other pairs say."""

    own: Mapping[Pair, float]
    total: Mapping[Pair, float]


class Comparer:
    """The evidence on pairs of records, which are numbered from 0. An item is prepared when it is first compared."""

    def __init__(
        self,
        records: Sequence[Record],
        statistics: WordStatistics,
        rules: Rules,
        scorer: Scorer,
        agreement: Agreement | None = None,
    ) -> None:
        self.records: list[Record] = []
        self.rules = rules
        self.scorer = scorer
        self.agreement: Agreement = agreement or {}
        self._statistics = statistics
        self._profiles: list[Profile | None] = []
        self._sources: list[Value] = []
        for record in records:
            self.add(record)

    def add(self, record: Record) -> int:
        """The number of one more record."""
        self.records.append(record)
        self._profiles.append(None)
        self._sources.append(self.rules.source_of(record.attributes))
        return len(self.records) - 1

    def learn(self, estimate: Estimate, scorer: Scorer) -> None:
        """Compares and scores from now on by what was learnt of the collection."""
        self.agreement = estimate.agreement
        self.scorer = estimate.applied_to(scorer)

    def may_pair(self, pair: Pair) -> bool:
        left, right = (self.records[item].attributes for item in pair)
        return self.rules.may_pair(left, right)

    def attribute_likeness(self, pair: Pair) -> dict[str, float]:
        """How alike the two are in each attribute that both have."""
        return likeness_of_attributes(self._profile(pair[0]), self._profile(pair[1]))

    def with_scorer(self, scorer: Scorer) -> Comparer:
        """The same items under other weights; what is prepared is shared."""
        other = copy.copy(self)
        other.scorer = scorer
        return other

    def source_of(self, item: int) -> Value:
        return self._sources[item]

    def evidence(self, pair: Pair, cosine: float | None = None) -> Evidence:
        """The evidence on a pair; the cosine is worked out when it is not given."""
        left, right = pair
        if cosine is None:
            cosine = self._cosine(left, right)
        return compare(self._profile(left), self._profile(right), cosine, self.agreement)

    def own(self, pair: Pair, cosine: float | None = None) -> float:
        """The log-odds of a pair by its own evidence."""
        return self.scorer.log_odds(self.evidence(pair, cosine))

    def own_without(self, pair: Pair, attribute: str) -> float:
        """The log-odds of a pair as if the two had no such attribute."""
        left, right = pair
        profiles = self._profile(left), self._profile(right)
        return self.scorer.log_odds(compare(*profiles, self._cosine(left, right), self.agreement, attribute))

    def settle(self, own: Mapping[Pair, float], is_clean: Mapping[Value, bool]) -> Settled:
        """Asks the other pairs: rivals where pairs are across sources, common partners elsewhere."""
        if self.rules.across:
            total = structure.with_rivals(own, self.source_of, lambda item: is_clean.get(self.source_of(item), True))
            for pair, before in own.items():
                if (bonus := total[pair] - before) > 0 and total[pair] >= structure.UNLIKELY:
                    total[pair] = before + bonus * min(max(1.6 - 2 * set_apart(self.evidence(pair)), 0.0), 1.0)
            return Settled(own, total)
        widened = dict(own)
        most = max(MIN_TWO_STEPS, len(self.records))
        for pair in sorted(structure.two_steps(structure.partners(own, SPEAKING_LOG_ODDS), most) - own.keys()):
            if self.may_pair(pair):
                widened[pair] = self.own(pair)
        supported = structure.with_support(widened, structure.partners(widened, SPEAKING_LOG_ODDS))
        for pair, before in widened.items():
            support = supported[pair] - before
            if support > 0 and before + support >= structure.UNLIKELY:
                supported[pair] = before + support * max(1 - 2 * told_apart(self.evidence(pair)), 0.0)
        return Settled(widened, structure.without_outvoted(supported, widened))

    def _cosine(self, left: int, right: int) -> float:
        ours, theirs = self.records[left].vector, self.records[right].vector
        return float(ours @ theirs) if len(ours) and len(theirs) else 0.0

    def _profile(self, item: int) -> Profile:
        profile = self._profiles[item]
        if profile is None:
            record = self.records[item]
            facts = self.rules.compared(record.attributes)
            profile = prepare(record.title, record.body, facts, self._statistics, record.identifiers)
            self._profiles[item] = profile
        return profile


def clean_sources(
    likely: Iterable[Pair], comparer: Comparer, inside: Callable[[Sequence[int]], Iterable[Pair]], most: int = 500
) -> dict[Value, bool]:
    """For each source whether it hardly repeats a thing: few of its items with a partner have one inside it, too.

    `inside` gives the nearest pairs (item, neighbour of the same source) of some items.
    """
    members: dict[Value, list[int]] = {}
    for item in sorted({item for pair in likely for item in pair}):
        members.setdefault(comparer.source_of(item), []).append(item)
    found = {}
    for source, items in members.items():
        looked_at = items[:most]
        repeated = {pair[0] for pair in inside(looked_at) if comparer.own(pair) >= SPEAKING_LOG_ODDS}
        found[source] = structure.is_clean(len(repeated), len(looked_at))
    return found
