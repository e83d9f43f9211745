"""Measures the pairs that the product finds in a collection against the pairs that are known to be duplicates."""

from __future__ import annotations

import random
from collections.abc import Collection as Container
from dataclasses import dataclass, replace

from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from search.duplicates.calibration.learning import propose
from search.duplicates.calibration.weighing import HOPELESS_LOG_ODDS, band_of
from search.duplicates.comparing.finding import Findings
from search.duplicates.evidence.scorer import to_log_odds
from search.duplicates.evidence.structure import Pair
from search.evaluation.datasets import ordered
from search.evaluation.metrics import PairFigures, pair_figures
from search.models import DuplicatePair

NamedPair = tuple[str, str]  # external ids in order
LABEL_SEED = 7


@dataclass(frozen=True, slots=True)
class DuplicateFigures:
    """Of the pairs that are flagged, of those only suggested, and the share of true pairs that were compared at all.

    After calibration, `before` is of the pairs that were flagged without it, decided pairs left out of both.
    """

    flagged: PairFigures
    suggested: PairFigures
    candidate_recall: float
    before: PairFigures | None = None


def evaluate_pairs(collection: Collection, findings: Findings, matches: Container[NamedPair]) -> DuplicateFigures:
    """The figures of the stored pairs: those that the product shows."""
    names = dict(Item.objects.filter(collection=collection).values_list("pk", "external_id"))
    rows = DuplicatePair.objects.filter(collection=collection).values_list("first_id", "second_id", "is_flagged")
    found: dict[bool, set[NamedPair]] = {True: set(), False: set()}
    for first, second, is_flagged in rows:
        found[is_flagged].add(ordered(names[first], names[second]))
    compared = {ordered(names[first], names[second]) for first, second in findings.candidate_ids()}
    return _figures(found[True], found[False], compared, set(matches))


def evaluate_calibrated(
    collection: Collection, findings: Findings, matches: Container[NamedPair], labels: int
) -> DuplicateFigures:
    """The figures after calibrating on so many simulated decisions, which are left out. Raises InvalidInput."""
    names = dict(Item.objects.filter(collection=collection).values_list("pk", "external_id"))

    def named(pair: Pair) -> NamedPair:
        left, right = (names[findings.records[item].item_id] for item in pair)
        return ordered(left, right)

    decided = {pair: named(pair) in matches for pair in draw_labels(findings, labels)}
    proposal = propose(findings, decided)
    if proposal is None:
        raise InvalidInput(f"{labels} decisions are too few: ten of either kind are needed.")
    flagged, suggested = (
        {named(pair) for pair in pairs - decided.keys()} for pairs in (proposal.flagged(), proposal.suggested())
    )
    compared = {named(pair) for pair in proposal.settled.own}
    true = set(matches) - {named(pair) for pair in decided}
    flag, total = to_log_odds(findings.comparer.rules.flag), findings.settled.total
    before = {named(pair) for pair in total.keys() - decided.keys() if total[pair] >= flag}
    return replace(_figures(flagged, suggested, compared, true), before=pair_figures(before, true))


def draw_labels(findings: Findings, count: int) -> list[Pair]:
    """The pairs a curator would decide: half of them near the threshold, the rest above and below; deterministic."""
    bands: dict[int, list[Pair]] = {-1: [], 0: [], 1: []}
    for pair, total in sorted(findings.settled.total.items()):
        if total >= HOPELESS_LOG_ODDS:
            bands[band_of(total)].append(pair)
    generator = random.Random(LABEL_SEED)
    share = {0: count // 2, 1: count // 4, -1: count - count // 2 - count // 4}
    return [
        pair for band, wanted in share.items() for pair in generator.sample(bands[band], min(wanted, len(bands[band])))
    ]


def _figures(
    flagged: set[NamedPair], suggested: set[NamedPair], compared: set[NamedPair], true: set[NamedPair]
) -> DuplicateFigures:
    return DuplicateFigures(
        flagged=pair_figures(flagged, true),
        suggested=pair_figures(suggested, true),
        candidate_recall=len(true & compared) / len(true) if true else 0.0,
    )
