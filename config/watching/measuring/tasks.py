"""Every task of a worker: how long it took and how it ended."""

from __future__ import annotations

import time
from typing import Any

from celery import signals

from config.watching.measuring import meters

_started: dict[str, float] = {}  # by id of the task


def connect() -> None:
    """Listens to Celery's signals; call it in a worker."""
    signals.task_prerun.connect(_begin, dispatch_uid="config.measuring.begin")
    signals.task_postrun.connect(_end, dispatch_uid="config.measuring.end")


def _begin(task_id: str, **kwargs: Any) -> None:
    _started[task_id] = time.perf_counter()


def _end(task_id: str, task: Any, state: str | None = None, **kwargs: Any) -> None:
    started = _started.pop(task_id, None)
    if started is not None:
        outcome = {"SUCCESS": "done", "RETRY": "retried"}.get(state or "", "failed")
        meters.TASK.labels(task.name, outcome).observe(time.perf_counter() - started)
