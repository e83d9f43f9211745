"""Celery's door to the upkeep of search: indexes and word statistics."""

from __future__ import annotations

from celery import shared_task

from search.retrieval import remembered
from search.retrieval.upkeep import indexes, null_distributions, statistics
from search.retrieval.upkeep.readiness import promote_built_spaces


@shared_task(name="retrieval.keep_ready", ignore_result=True)
def keep_ready() -> None:
    """Builds missing indexes, refreshes stale statistics, declares built spaces ready; does nothing undue."""
    statistics.refresh_stale()
    indexes.build_missing()
    promote_built_spaces()


@shared_task(name="retrieval.fold_changes", ignore_result=True)
def fold_changes() -> None:
    """Keeps the count of changes short."""
    remembered.fold_changes()


@shared_task(name="retrieval.calibrate", ignore_result=True)
def calibrate() -> None:
    """Runs where the model is loaded already."""
    null_distributions.calibrate_missing()
