"""Long work as a run: carried out with its progress on record, and stopped when somebody asks for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Run
from catalog.models.run import RunState

REPORT_SECONDS = 1.0
MAX_ERROR = 500  # characters


class RunCancelled(Exception):
    """Somebody asked for the run to stop."""


class Progress:
    """Writes how far a run is, at most once a second, and raises RunCancelled when stopping was asked for."""

    def __init__(self, run: Run) -> None:
        self.run, self._last = run, float("-inf")

    def __call__(self, done: int, total: int | None = None, **detail: Any) -> None:
        """`detail` replaces what the run told of itself before, where there is any."""
        self.run.done = done
        self.run.total = self.run.total if total is None else total
        self.run.detail = detail or self.run.detail
        if time.monotonic() - self._last < REPORT_SECONDS:
            return
        self._last = time.monotonic()
        self.run.save(update_fields=["done", "total", "detail", "heartbeat_at"])
        self.run.refresh_from_db(fields=["cancel_requested"])
        if self.run.cancel_requested:
            raise RunCancelled


@contextmanager
def carried_out(run: Run) -> Iterator[Progress]:
    """Ends the run as the block ends: finished, cancelled (the exception stops here), or failed (it is raised on)."""
    state = RunState.FAILED
    try:
        yield Progress(run)
        state = RunState.FINISHED
    except RunCancelled:
        state = RunState.CANCELLED
    except Exception as error:
        run.detail = {**run.detail, "error": str(error)[:MAX_ERROR]}
        raise
    finally:
        run.state, run.finished_at = state, timezone.now()
        run.save(update_fields=["state", "finished_at", "done", "total", "failed", "detail", "heartbeat_at"])


def cancel_runs(*, runs: QuerySet[Run]) -> list[Run]:
    """Asks running ones to stop after the batch they are at, and returns them."""
    running = list(runs.filter(state=RunState.RUNNING, cancel_requested=False))
    Run.objects.filter(pk__in=[run.pk for run in running]).update(cancel_requested=True)
    return running
