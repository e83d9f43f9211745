"""Measures the pairs that the product finds in a collection against the pairs that are known to be duplicates."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Mapping
from dataclasses import dataclass, replace

from catalog.access import Actor
from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from search.duplicates.calibration.tuning import apply_calibration, fingerprint_of, propose_calibration
from search.duplicates.comparing.finding import Findings
from search.duplicates.comparing.scan import scan
from search.duplicates.review.decisions import decide
from search.evaluation.datasets import ordered
from search.evaluation.metrics import PairFigures, pair_figures
from search.models import DuplicatePair
from search.models.duplicate import PairState

NamedPair = tuple[str, str]  # external ids in order
SIMULATED = Actor(rank=3, name="simulated curator")


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
    found = _stored(collection, names)
    compared = {ordered(names[first], names[second]) for first, second in findings.candidate_ids()}
    return _figures(found[True], found[False], compared, set(matches))


def evaluate_calibrated(
    collection: Collection, findings: Findings, matches: Container[NamedPair], labels: int
) -> DuplicateFigures:
    """The figures after so many decisions, which are left out: the queue asks, and what it teaches is applied.

    1. the pairs that the queue puts first by what they teach are decided by the matches
    2. the proposal from the decisions is put in use, as a curator would
    3. the collection is scanned again, and its stored pairs are judged
    Raises InvalidInput when the decisions are too few to learn from.
    """
    names = dict(Item.objects.filter(collection=collection).values_list("pk", "external_id"))
    queue = DuplicatePair.objects.filter(collection=collection, state=PairState.SUGGESTED)
    before = _stored(collection, names)[True]
    decided = set()
    for pair in queue.order_by("-informs", "-score", "id")[:labels]:
        name = ordered(names[pair.first_id], names[pair.second_id])
        decide(pair=pair, decision="confirmed" if name in matches else "dismissed", actor=SIMULATED)
        decided.add(name)
    proposal = propose_calibration(collection)
    if proposal is None:
        raise InvalidInput(f"{len(decided)} decisions are too few: ten of either kind are needed.")
    apply_calibration(collection=collection, fingerprint=fingerprint_of(proposal), actor=SIMULATED)
    collection.refresh_from_db()
    after = scan(collection=collection) or findings
    compared = {ordered(names[first], names[second]) for first, second in after.candidate_ids()}
    found, true = _stored(collection, names), set(matches) - decided
    figures = _figures(found[True] - decided, found[False] - decided, compared, true)
    return replace(figures, before=pair_figures(before - decided, true))


def _stored(collection: Collection, names: Mapping[int, str]) -> dict[bool, set[NamedPair]]:
    """The undecided pairs that are stored as the same thing, by whether they are flagged."""
    rows = DuplicatePair.objects.filter(collection=collection, is_variant=False)
    found: dict[bool, set[NamedPair]] = {True: set(), False: set()}
    for first, second, is_flagged in rows.values_list("first_id", "second_id", "is_flagged"):
        found[is_flagged].add(ordered(names[first], names[second]))
    return found


def _figures(
    flagged: set[NamedPair], suggested: set[NamedPair], compared: set[NamedPair], true: set[NamedPair]
) -> DuplicateFigures:
    return DuplicateFigures(
        flagged=pair_figures(flagged, true),
        suggested=pair_figures(suggested, true),
        candidate_recall=len(true & compared) / len(true) if true else 0.0,
    )
