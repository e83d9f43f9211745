"""Insight's runs: asked for by a person or by beat, taken up by one worker, and taken up again when that one dies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog import locks
from catalog.errors import CatalogError, Conflict
from catalog.models import Collection, Run
from catalog.models.run import RunKind, RunState
from catalog.services.runs import Progress, carried_out
from search.messages import send
from search.retrieval.upkeep import indexes

logger = logging.getLogger(__name__)

ATTEMPTS = 3  # a run that has lost so many processes is given up
KINDS = (RunKind.TOPICS, RunKind.MISFILED, RunKind.TAGS, RunKind.MAP, RunKind.INTEREST)

# Does the work of one run, and returns what the run should remember of it.
Work = Callable[[Run, Collection, Progress], dict[str, Any]]


def ask_for(kind: RunKind, collection: Collection, *, user_id: int | None = None, **detail: Any) -> Run:
    """A run that waits for a worker; one of that kind that is under way already is that run."""
    running = Run.objects.filter(kind=kind, collection=collection, state=RunState.RUNNING).first()
    if running is None:
        running = Run.objects.create(kind=kind, collection=collection, started_by_id=user_id, detail={"asked": detail})
    send("insight.do_waiting")
    return running


def last_run(kind: RunKind, collection: Collection) -> Run | None:
    """The latest one that ended well: what is shown was computed by it."""
    return Run.objects.filter(kind=kind, collection=collection, state=RunState.FINISHED).first()


def do_waiting(work: Mapping[RunKind, Work]) -> int:
    """Carries out what waits and what a dead process left, one after the other, and returns how many these were.

    for each run under way, oldest first:
        take its lock (else somebody is at it) -> read it again -> build indexes that are missing -> carry it out
    A run may take long, and searches wait for an index while nobody waits for insight.
    """
    count = 0
    waiting = Run.objects.filter(kind__in=KINDS, state=RunState.RUNNING, collection__isnull=False)
    for run_id in list(waiting.order_by("id").values_list("pk", flat=True)):
        with locks.tried(locks.Lock.INSIGHT_RUN, run_id) as is_mine:
            run = Run.objects.select_related("collection").filter(pk=run_id, state=RunState.RUNNING).first()
            if is_mine and run is not None:
                count += 1
                indexes.build_missing()
                _do(run, work[RunKind(run.kind)])
    return count


def _do(run: Run, work: Work) -> None:
    assert run.collection is not None
    attempts = run.detail.get("attempts", 0) + 1
    run.detail = {**run.detail, "attempts": attempts}
    run.save(update_fields=["detail", "heartbeat_at"])
    with suppress(CatalogError), carried_out(run) as progress:  # the run says why
        if attempts > ATTEMPTS:
            raise Conflict(f"{ATTEMPTS} processes that were at this are gone.")
        progress(0)  # notices a cancellation that was asked for before
        run.detail |= work(run, run.collection, progress)
        run.detail.pop("phase", None)


def told(run: Run, progress: Progress) -> Callable[..., None]:
    """Progress whose words are added to what the run knows, instead of replacing it."""

    def tell(done: int, total: int | None = None, **detail: Any) -> None:
        progress(done, total, **{**run.detail, **detail})

    return tell


def was_tried_lately(kind: RunKind, collection: Collection, within: timedelta) -> bool:
    """Whether a run of that kind began so short a time ago, however it ended."""
    runs = Run.objects.filter(kind=kind, collection=collection)
    return runs.filter(started_at__gte=timezone.now() - within).exists() or runs.filter(state=RunState.RUNNING).exists()
