"""Runs of the pipeline: records whose figures are counted from rows, so that a restart loses nothing."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.models import Run
from catalog.models.run import RESUMED_KINDS, RunKind, RunState
from search.models import EmbeddingSpace

ABANDONED_AFTER = timedelta(minutes=5)  # without a heartbeat; an import gives one with each batch

COUNTS = """
    SELECT count(*), count(*) FILTER (WHERE state = 'embedded'), count(*) FILTER (WHERE state = 'failed')
    FROM search_itemembedding WHERE space_id = %s
"""


def start_backfill(space: EmbeddingSpace) -> Run:
    """Records that the space is being filled; a run of it that is under way goes on instead."""
    running = Run.objects.filter(kind=RunKind.BACKFILL, state=RunState.RUNNING, detail__space=space.name).first()
    return count(running or Run.objects.create(kind=RunKind.BACKFILL, detail={"space": space.name}), space)


def count(run: Run, space: EmbeddingSpace) -> Run:
    """Counts a backfill of the space anew, and ends it when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [space.pk])
        run.total, run.done, run.failed = cursor.fetchone()
    if run.done + run.failed == run.total:
        return end(run, RunState.FINISHED)
    run.save(update_fields=["total", "done", "failed", "heartbeat_at"])
    return run


def end_abandoned() -> int:
    """Marks runs failed whose process gave no sign of life for minutes, and returns how many these were."""
    with transaction.atomic():
        silent = Run.objects.exclude(kind__in=RESUMED_KINDS).filter(
            state=RunState.RUNNING, heartbeat_at__lt=timezone.now() - ABANDONED_AFTER
        )
        runs = list(silent.select_for_update(skip_locked=True))
        for run in runs:
            run.detail["error"] = "The process that did this is gone. What was done until then stays."
            run.state, run.finished_at = RunState.FAILED, run.heartbeat_at
        Run.objects.bulk_update(runs, ["detail", "state", "finished_at"])
    return len(runs)


def end(run: Run, state: RunState) -> Run:
    """Ends it with the figures it has."""
    run.state = state
    Run.objects.filter(pk=run.pk).update(
        state=state, total=run.total, done=run.done, failed=run.failed, heartbeat_at=Now(), finished_at=Now()
    )
    run.refresh_from_db()
    return run
