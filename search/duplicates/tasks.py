"""Celery's door to the search for duplicates."""

from __future__ import annotations

from celery import shared_task

from catalog.models import Run
from search.duplicates.comparing import incremental, rescan
from search.messages import send

TRY_AGAIN_SECONDS = 20


@shared_task(name="duplicates.check_embedded", ignore_result=True)
def check_embedded() -> None:
    """Compares what was embedded since; beat sends it every few seconds, and it does nothing when nothing is new."""
    incremental.check_embedded()


@shared_task(name="duplicates.scan", ignore_result=True, acks_late=True)
def scan(run_id: int) -> None:
    """Does the scan that a run was made for, as soon as no other process writes the collection's pairs."""
    run = Run.objects.select_related("collection").filter(pk=run_id, finished_at__isnull=True).first()
    if run is not None and not rescan.take_up(run):
        send("duplicates.scan", run_id, expires=None, countdown=TRY_AGAIN_SECONDS)
