"""Stopping long work."""

from __future__ import annotations

from django.db.models import QuerySet

from catalog.models import Run
from catalog.models.run import RunState


def cancel_runs(*, runs: QuerySet[Run]) -> list[Run]:
    """Asks running ones to stop after the batch they are at, and returns them."""
    running = list(runs.filter(state=RunState.RUNNING, cancel_requested=False))
    Run.objects.filter(pk__in=[run.pk for run in running]).update(cancel_requested=True)
    return running
