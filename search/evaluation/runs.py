"""Stored evaluations of search: keeping one, and comparing two of the same judged set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search.errors import EvaluationError
from search.evaluation.metrics import PairedTest, paired_test
from search.evaluation.quality.search_quality import ModeFigures
from search.models import EvaluationRun
from search.retrieval.types import MODES, Mode


def store_run(*, dataset: str, configuration: dict[str, Any], figures: Mapping[Mode, ModeFigures]) -> EvaluationRun:
    """Keeps the figures of one evaluation with each query's gain."""
    return EvaluationRun.objects.create(
        dataset=dataset,
        configuration=configuration,
        figures={mode: one.rounded() for mode, one in figures.items()},
        gains={mode: one.gains for mode, one in figures.items()},
    )


def run_before(run: EvaluationRun) -> EvaluationRun | None:
    """The last run of the same set, over the same items, that can be compared with it."""
    same = EvaluationRun.objects.filter(dataset=run.dataset, created_at__lt=run.created_at).exclude(gains={})
    collection = run.configuration.get("collection")
    found = same.exclude(configuration__has_key="comparison")
    return (
        found.filter(configuration__collection=collection)
        if collection
        else found.exclude(configuration__has_key="collection")
    ).first()


def compare_runs(*, before: EvaluationRun, after: EvaluationRun) -> dict[Mode, PairedTest]:
    """The difference of nDCG@10 in each mode. Raises EvaluationError when the runs are not of the same judged set."""
    if before.dataset != after.dataset:
        raise EvaluationError(f"{before.dataset} and {after.dataset} are two sets: their queries cannot be paired.")
    if not before.gains or not after.gains:
        raise EvaluationError("A run without the figures of its queries cannot be compared.")
    return {
        mode: paired_test(before.gains[mode], after.gains[mode])
        for mode in MODES
        if mode in before.gains and mode in after.gains
    }
