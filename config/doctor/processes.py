"""The processes beside the web server: are they there, and do the runs they carry out go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from catalog.models import Run
from catalog.models.run import RunState
from config.celery import app
from config.doctor.findings import Finding, error, ok, warning

PATIENCE = 2.0  # seconds in which a worker answers
QUEUES = {
    "embedding": "new and changed items are not embedded",
    "default": "duplicates and insight stand still",
}
SILENT = timedelta(minutes=15)  # after which a run's process is gone


def workers() -> Iterator[Finding]:
    """Whether each queue has a worker."""
    answers = app.control.inspect(timeout=PATIENCE).active_queues() or {}
    served = {queue["name"] for queues in answers.values() for queue in queues}
    for queue, consequence in QUEUES.items():
        if queue not in served:
            yield warning(
                "workers",
                f"No worker of the queue '{queue}' answers: {consequence}.",
                f"celery --app config.celery worker --queues {queue} (manage.py start starts all of them)",
            )
    if served:
        yield ok("workers", f"{len(answers)} answer.")


def runs() -> Iterator[Finding]:
    """Long jobs of which nothing was heard."""
    silent = Run.objects.filter(state=RunState.RUNNING, heartbeat_at__lt=timezone.now() - SILENT)
    for run in silent.select_related("collection"):
        where = f" of '{run.collection.slug}'" if run.collection else ""
        yield error(
            "runs",
            f"{run.get_kind_display()}{where} has said nothing since {run.heartbeat_at:%Y-%m-%d %H:%M} UTC.",
            "Cancel it on its page in the admin and start it again; is the jobs worker running?",
        )
