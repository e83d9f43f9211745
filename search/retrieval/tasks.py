"""Celery's door to the upkeep of search: indexes and word statistics."""

from __future__ import annotations

from celery import shared_task

from search.retrieval import calibration, indexes, statistics


@shared_task(name="retrieval.keep_ready", queue="default", ignore_result=True)
def keep_ready() -> None:
    """Builds missing indexes and refreshes stale statistics; both do nothing when nothing is due."""
    statistics.refresh_stale()
    indexes.build_missing()


@shared_task(name="retrieval.calibrate", queue="embedding", ignore_result=True)
def calibrate() -> None:
    """Runs where the model is loaded already."""
    calibration.calibrate_missing()
