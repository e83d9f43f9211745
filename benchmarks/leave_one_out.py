"""Weights of the evidence for duplicates fitted on all sets but one, judged on that one.

python -m benchmarks.leave_one_out DIR DIR DIR …; prints a JSON line a set. Nothing of a set that is left out decides:
the weights begin at a prior that knows only which way each term speaks, and are fitted to the pairs of the other sets,
each of which weighs the same; how close they are held to it is chosen by leaving out each of those in turn.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import product

if TYPE_CHECKING:
    from search.duplicates.comparing.finding import Findings
    from search.duplicates.evidence.scorer import Scorer
    from search.evaluation.datasets import MatchDataset

FOR, AGAINST, INTERCEPT = 2.0, -3.0, -6.0  # the prior of every term that speaks for, or against, being the same
HELD = (0.0001, 0.001, 0.01)  # among which is chosen

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """The pairs of one set: the values of their terms, what is added as they are across sources, and which are true."""

    name: str
    values: Rows
    offset: float
    is_true: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    arguments = parser.parse_args()
    product.start()
    for line in leave_out_each(arguments.folders):
        print(json.dumps(line), flush=True)


def leave_out_each(folders: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Precision, recall and F1 of the flagged pairs of each set, by weights that never saw it."""
    from search.duplicates.evidence.scorer import DEFAULT
    from search.evaluation.datasets import load_match_dataset

    datasets = [load_match_dataset(folder) for folder in folders]
    sets = []
    for dataset in datasets:
        with _found(dataset, DEFAULT) as found:
            sets.append(_compared(dataset, found))
    for at, dataset in enumerate(datasets):
        others = [one for one in sets if one is not sets[at]]
        held = max(HELD, key=lambda held: _chosen_by(others, held))
        with _found(dataset, _scorer(_fit(others, held))) as found:
            yield {"left_out": dataset.name, "held": held, **_figures(dataset, found)}


@dataclass(frozen=True)
class Found:
    """What the product finds in a set, and the names of the items."""

    findings: Findings
    names: dict[int, str]

    def named(self, pair: tuple[int, int]) -> tuple[str, str]:
        from search.evaluation.datasets import ordered

        first, second = (self.names[self.findings.records[at].item_id] for at in pair)
        return ordered(first, second)


@contextmanager
def _found(dataset: MatchDataset, scorer: Scorer) -> Iterator[Found]:
    from catalog.models import Item
    from search.duplicates.comparing.finding import find
    from search.duplicates.rules import rules_of
    from search.embedding.spaces.lifecycle import active_space
    from search.evaluation.scratch import scratch_collection

    policy = dataset.policy.model_dump(exclude_defaults=True)
    with scratch_collection(dataset.items, duplicate_policy=policy) as collection:
        rules = rules_of(collection)
        own = scorer.across_sources() if rules.across else scorer
        findings = find(collection, active_space(), rules, own, lambda phase, share: None)
        yield Found(findings, dict(Item.objects.filter(collection=collection).values_list("pk", "external_id")))


def _compared(dataset: MatchDataset, found: Found) -> Compared:
    """The values as weights apply to them: what strangers of this set share is taken off."""
    from search.duplicates.evidence.table import ACROSS, ACROSS_PRIOR, NAMES, OF_WORDING, values_of

    comparer = found.findings.comparer
    pairs = list(found.findings.settled.own)
    values = np.array([values_of(comparer.evidence(pair)) for pair in pairs])
    excess = np.array([found.findings.estimate.excess.get(name, 0.0) for name in NAMES])
    values = (values - excess) / (1 - excess)
    is_true = np.array([found.named(pair) in dataset.matches for pair in pairs])
    if not comparer.rules.across:
        return Compared(dataset.name, values, 0.0, is_true)
    values[:, [NAMES.index(name) for name in OF_WORDING]] *= ACROSS
    return Compared(dataset.name, values, ACROSS_PRIOR, is_true)


def _prior() -> Rows:
    """What each term and, last, the intercept begin at."""
    from search.duplicates.evidence.table import TERMS

    return np.array([*(FOR if term.weight > 0 else AGAINST for term in TERMS), INTERCEPT])


def _scorer(weights: Rows) -> Scorer:
    from search.duplicates.evidence.scorer import Scorer
    from search.duplicates.evidence.table import NAMES

    return Scorer(dict(zip(NAMES, weights[:-1].tolist(), strict=True)), float(weights[-1]))


def _fit(sets: Sequence[Compared], held: float) -> Rows:
    """The weights of the least mean log loss over the sets, none of which changes what it speaks for."""
    from scipy.optimize import minimize

    prior = _prior()
    bounds = [(0, None) if weight > 0 else (None, 0) for weight in prior[:-1]] + [(None, None)]

    def loss(weights: Rows) -> tuple[float, Rows]:
        total, gradient = held * float(((weights - prior) ** 2).sum()), 2 * held * (weights - prior)
        for one in sets:
            totals, reached = _log_odds(one, weights)
            wrong = 1 / (1 + np.exp(-totals)) - one.is_true
            total += float(np.logaddexp(0, np.where(one.is_true, -totals, totals)).mean()) / len(sets)
            gradient[:-1] += (one.values * reached).T @ wrong / len(wrong) / len(sets)
            gradient[-1] += float(wrong.mean()) / len(sets)
        return total, gradient

    found: Rows = minimize(loss, prior, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 2_000}).x
    return found


def _log_odds(one: Compared, weights: Rows) -> tuple[Rows, Rows]:
    """Of each pair; and for each of its terms 1, or 0 where its kind has added all that it may."""
    from search.duplicates.evidence.table import MOST_OF_A_KIND, OF_KINDS

    totals = np.full(len(one.values), weights[-1] + one.offset)
    reached = np.ones_like(one.values)
    for places in (list(kind) for kind in OF_KINDS):
        said = one.values[:, places] @ weights[places]
        reached[np.ix_(np.flatnonzero(said > MOST_OF_A_KIND), np.array(places))] = 0
        totals += np.minimum(said, MOST_OF_A_KIND)
    return totals, reached


def _chosen_by(sets: list[Compared], held: float) -> float:
    """The mean F1 of the sets, each judged by weights of the others; what other pairs say is left out."""
    figures = []
    for at, one in enumerate(sets):
        totals, _ = _log_odds(one, _fit(sets[:at] + sets[at + 1 :], held))
        flagged = totals >= 0
        figures.append(2 * (flagged & one.is_true).sum() / max(flagged.sum() + one.is_true.sum(), 1))
    return float(np.mean(figures))


def _figures(dataset: MatchDataset, found: Found) -> dict[str, float]:
    from search.evaluation.metrics import pair_figures

    findings = found.findings
    flag = findings.comparer.rules.flag
    flagged = {
        found.named(pair)
        for pair, total in findings.settled.total.items()
        if 1 / (1 + np.exp(-total)) >= flag and pair not in findings.variants
    }
    figures = pair_figures(flagged, set(dataset.matches))
    return {name: round(getattr(figures, name), 4) for name in ("precision", "recall", "f1")}


if __name__ == "__main__":
    main()
