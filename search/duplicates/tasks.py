"""Celery's door to the search for duplicates."""

from __future__ import annotations

from contextlib import suppress

from celery import shared_task

from catalog.models import Run
from search.duplicates import incremental
from search.duplicates.scan import ScanRuns
from search.duplicates.scan import scan as scan_collection


@shared_task(name="duplicates.check_embedded", queue="default", ignore_result=True)
def check_embedded() -> None:
    """Compares what was embedded since; beat sends it every few seconds, and it does nothing when nothing is new."""
    incremental.check_embedded()


@shared_task(name="duplicates.scan", queue="default", ignore_result=True, acks_late=True)
def scan(run_id: int) -> None:
    """Does the scan that `start_scan` made a run for."""
    run = Run.objects.select_related("collection").filter(pk=run_id, finished_at__isnull=True).first()
    if run is not None and run.collection is not None:
        with suppress(ScanRuns):  # this run says that it failed, and the other one goes on
            scan_collection(collection=run.collection, run=run)
