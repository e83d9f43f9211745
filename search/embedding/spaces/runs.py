"""Runs of the pipeline: records whose figures are counted from rows, so that a restart loses nothing."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.models import Run
from catalog.models.run import RunKind, RunState
from search.models import EmbeddingSpace
from search.models.embedding import SpaceState

ABANDONED_AFTER = timedelta(minutes=5)  # without a heartbeat; an import gives one with each batch

COUNTS = """
    SELECT count(*), count(*) FILTER (WHERE state = 'embedded'), count(*) FILTER (WHERE state = 'failed')
    FROM search_itemembedding WHERE space_id = %s
"""


def start_backfill(space: EmbeddingSpace) -> Run:
    """Records that the space is being filled; a run of it that is under way goes on instead."""
    running = Run.objects.filter(kind=RunKind.BACKFILL, state=RunState.RUNNING, detail__space=space.name).first()
    return refresh(running or Run.objects.create(kind=RunKind.BACKFILL, detail={"space": space.name}))


def refresh(run: Run) -> Run:
    """Counts a backfill anew, and ends it when nothing waits, the space is gone, or cancelling was asked for.

    To cancel the backfill of a space that never answered is to retire the space.
    """
    space = EmbeddingSpace.objects.filter(name=run.detail.get("space", "")).first()
    if space is None or space.state in (SpaceState.RETIRED, SpaceState.ADDED):
        return _end(run, RunState.CANCELLED)
    if run.cancel_requested and space.state == SpaceState.BUILDING:
        from search.embedding.spaces.lifecycle import retire_space

        retire_space(space)
        return _end(run, RunState.CANCELLED)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [space.pk])
        run.total, run.done, run.failed = cursor.fetchone()
    if run.done + run.failed == run.total:
        return _end(run, RunState.FINISHED)
    run.save(update_fields=["total", "done", "failed", "heartbeat_at"])
    return run


def refresh_running() -> None:
    """Counts the backfills that are under way, and gives up imports whose process is gone."""
    for run in Run.objects.filter(kind=RunKind.BACKFILL, state=RunState.RUNNING):
        refresh(run)
    end_abandoned()


def end_abandoned() -> int:
    """Marks runs failed whose process gave no sign of life for minutes, and returns how many these were."""
    with transaction.atomic():
        silent = Run.objects.exclude(kind=RunKind.BACKFILL).filter(
            state=RunState.RUNNING, heartbeat_at__lt=timezone.now() - ABANDONED_AFTER
        )
        runs = list(silent.select_for_update(skip_locked=True))
        for run in runs:
            run.detail["error"] = "The process that did this is gone. What was done until then stays."
            run.state, run.finished_at = RunState.FAILED, run.heartbeat_at
        Run.objects.bulk_update(runs, ["detail", "state", "finished_at"])
    return len(runs)


def _end(run: Run, state: RunState) -> Run:
    run.state = state
    Run.objects.filter(pk=run.pk).update(
        state=state, total=run.total, done=run.done, failed=run.failed, heartbeat_at=Now(), finished_at=Now()
    )
    run.refresh_from_db()
    return run
