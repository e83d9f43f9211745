"""A second look at the pairs that may matter, after the first has shown what agreement is worth in the collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from search.duplicates.calibration.estimate import Estimate, agreement_of, excess_of, strangers
from search.duplicates.comparing.comparison import Comparer
from search.duplicates.evidence import structure
from search.duplicates.evidence.scorer import to_log_odds
from search.duplicates.evidence.structure import Pair
from search.duplicates.evidence.table import is_of_variants

HOPELESS = -7.0  # log-odds below which what is learnt of the collection cannot make two items one
SURE = 1.5  # log-odds from which a pair shows what the same things agree in
ROUNDS = 4  # of reading what the same things agree in and scoring anew: then it hardly changes
DOUBTFUL = -3.0  # and below which it cannot make them likely at the first try
MOST_VARIANTS = 3  # of an item that are suggested: a size run of thirty needs no pair of each with each


def learn(comparer: Comparer, own: dict[Pair, float], *, is_calibrated: bool = False) -> Estimate:
    """Has the comparer learn what the pairs say of the collection, and scores anew those that may matter.

    1. draw unrelated pairs: what they agree in says nothing
    2. read from the likely pairs what the same things agree in
    3. score these anew and read it again, some rounds: pairs that differ in it were no likely ones
    4. score all that may matter by it
    """
    scorer = comparer.scorer
    excess, count = excess_of(
        comparer.evidence(pair) for pair in strangers(len(comparer.records), comparer.may_pair, own)
    )
    if is_calibrated:
        excess = {}  # people's decisions, from which the weights are, know of it
    likely_pairs = {pair: total for pair, total in own.items() if total >= DOUBTFUL}
    estimate = Estimate({}, excess, count)
    for _ in range(ROUNDS):
        best = structure.nearest_of_both(likely_pairs) if comparer.rules.across else likely_pairs
        agreement, likely = agreement_of(best, comparer.attribute_likeness, SURE)
        estimate = Estimate(agreement, excess, count, likely)
        comparer.learn(estimate, scorer)
        likely_pairs = {pair: comparer.own(pair) for pair in likely_pairs}
    own.update((pair, comparer.own(pair)) for pair, total in own.items() if total >= HOPELESS)
    return estimate


def variants_among(comparer: Comparer, own: Mapping[Pair, float], total: Mapping[Pair, float]) -> set[Pair]:
    """The pairs that would be flagged but for what tells variants apart, the likeliest of each item."""
    flag = to_log_odds(comparer.rules.flag)
    found: dict[Pair, float] = {}
    for pair, log_odds in own.items():
        if log_odds >= HOPELESS and total[pair] < flag:
            evidence = comparer.evidence(pair)
            if is_of_variants(evidence) and (either := comparer.scorer.without_variants(evidence)) >= flag:
                found[pair] = either
    counts: Counter[int] = Counter()
    chosen = set()
    for pair in sorted(found, key=lambda pair: (-found[pair], pair)):
        if max(counts[item] for item in pair) < MOST_VARIANTS:
            chosen.add(pair)
            counts.update(pair)
    return chosen
