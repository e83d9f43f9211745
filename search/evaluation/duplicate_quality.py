"""Measures the pairs that the product finds in a collection against the pairs that are known to be duplicates."""

from __future__ import annotations

from collections.abc import Collection as Container
from dataclasses import dataclass

from catalog.models import Collection, Item
from search.duplicates.finding import Findings
from search.evaluation.datasets import ordered
from search.evaluation.metrics import PairFigures, pair_figures
from search.models import DuplicatePair

NamedPair = tuple[str, str]  # external ids in order


@dataclass(frozen=True, slots=True)
class DuplicateFigures:
    """Of the pairs that are flagged, of those only suggested, and the share of true pairs that were compared at all."""

    flagged: PairFigures
    suggested: PairFigures
    candidate_recall: float


def evaluate_pairs(
    collection: Collection,
    findings: Findings,
    matches: Container[NamedPair],
    left_out: Container[NamedPair] = frozenset(),
) -> DuplicateFigures:
    """The figures of the stored pairs, without those left out."""
    names = dict(Item.objects.filter(collection=collection).values_list("pk", "external_id"))
    true = {pair for pair in matches if pair not in left_out}
    rows = DuplicatePair.objects.filter(collection=collection).values_list("first_id", "second_id", "is_flagged")
    found: dict[bool, set[NamedPair]] = {True: set(), False: set()}
    for first, second, is_flagged in rows:
        if (pair := ordered(names[first], names[second])) not in left_out:
            found[is_flagged].add(pair)
    compared = {ordered(names[first], names[second]) for first, second in findings.candidate_ids()}
    return DuplicateFigures(
        flagged=pair_figures(found[True], true),
        suggested=pair_figures(found[False], true),
        candidate_recall=len(true & compared) / len(true) if true else 0.0,
    )
