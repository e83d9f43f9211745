"""A second look at the pairs that may matter, after the first has shown what agreement is worth in the collection."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

from search.duplicates.calibration.estimate import Estimate, agreement_of, excess_of, strangers
from search.duplicates.comparing.comparison import Comparer
from search.duplicates.evidence import structure
from search.duplicates.evidence.scorer import to_log_odds
from search.duplicates.evidence.structure import Pair
from search.duplicates.evidence.table import is_of_variants

HOPELESS = -7.0  # log-odds below which what is learnt of the collection cannot make two items one
DOUBTFUL = -3.0  # and below which it shows nothing of what the same things agree in
DRAWN = 800  # such pairs that are looked at: shares are then known to 0.02
ROUNDS = 3  # of reading what they agree in: then it hardly changes
MOST_VARIANTS = 3  # of an item that are suggested: a size run of thirty needs no pair of each with each


def learn(comparer: Comparer, own: dict[Pair, float], *, is_calibrated: bool = False) -> Estimate:
    """Has the comparer learn what the pairs say of the collection, and scores anew those that may matter.

    1. draw unrelated pairs: what they agree in says nothing
    2. draw pairs that may be the same, and read from them what the same things agree in, attribute by attribute:
       each is judged by all but that attribute
    3. read it again, some rounds, by what the round before has shown
    4. score all that may matter by it
    """
    scorer = comparer.scorer
    drawn = strangers(len(comparer.records), comparer.may_pair, own)
    excess, count = excess_of(comparer.evidence(pair) for pair in drawn)
    if is_calibrated:
        excess = {}  # people's decisions, from which the weights are, know of it
    estimate = Estimate({}, excess, count)
    comparer.learn(estimate, scorer)
    telling = [(pair, comparer.attribute_likeness(pair)) for pair in _drawn_likely(comparer, own)]
    for _ in range(ROUNDS):
        seen = [
            (name, likeness, comparer.own_without(pair, name))
            for pair, alike in telling
            for name, likeness in alike.items()
        ]
        agreement, likely = agreement_of(seen)
        estimate = Estimate(agreement, excess, count, likely)
        comparer.learn(estimate, scorer)
    own.update((pair, comparer.own(pair)) for pair, total in own.items() if total >= HOPELESS)
    return estimate


def _drawn_likely(comparer: Comparer, own: Mapping[Pair, float]) -> list[Pair]:
    """Pairs that may be the same, across sources those nearest to each other; the same for the same items."""
    likely = {pair: total for pair, total in own.items() if total >= DOUBTFUL}
    pairs = sorted(structure.nearest_of_both(likely) if comparer.rules.across else likely)
    return pairs if len(pairs) <= DRAWN else random.Random(len(pairs)).sample(pairs, DRAWN)


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
