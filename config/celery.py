"""The workers: two queues, so that no slow job ever stands before the embedding of a new item."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging
from django.conf import settings
from kombu import Queue

from search.embedding.queue import worker
from search.schedule import ROUTES, SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

ROOMS_WITH_TASKS = [
    "catalog.bulk",
    "catalog.uploads",
    "search.embedding",
    "search.retrieval",
    "search.duplicates",
    "search.insight",
    "search.evaluation",
]
CATALOG_SCHEDULE = {
    "change-waiting": {"task": "items.change_waiting", "schedule": 20.0, "options": {"expires": 20}},
    "forget-uploads": {"task": "uploads.forget_old", "schedule": 3_600.0, "options": {"expires": 3_600}},
}

# Seconds. A task that is killed at the hard limit is sent again, to a worker that is alive.
SOFT_TIME_LIMIT, TIME_LIMIT = 600, 660

app = Celery("akin")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_retry=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 2 * TIME_LIMIT,
        "global_keyprefix": "akin:",
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
    },
    task_default_queue="default",
    task_routes=ROUTES,
    task_queues=[Queue("default"), Queue("embedding")],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_soft_time_limit=SOFT_TIME_LIMIT,
    task_time_limit=TIME_LIMIT,
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=5_000,  # whatever leaks is given back some times a day
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_soft_shutdown_timeout=4.0,
    worker_enable_soft_shutdown_on_idle=False,
    worker_send_task_events=False,
    beat_schedule={**SCHEDULE, **CATALOG_SCHEDULE},
    beat_schedule_filename=str(settings.AKIN_DATA_DIR / "celerybeat-schedule"),
    enable_utc=True,
)
app.autodiscover_tasks(ROOMS_WITH_TASKS)
worker.connect()


@celeryd_init.connect(dispatch_uid="config.join")
@beat_init.connect(dispatch_uid="config.join")
def _join_services(sender: Any = None, **kwargs: Any) -> None:
    """The numbers of a worker are told by the first part of its name: `embedding@host`."""
    from config import services
    from config.watching.measuring import shared

    shared.name_process(sender.partition("@")[0] if isinstance(sender, str) else "beat")
    services.join()


@setup_logging.connect(dispatch_uid="config.logging")
def _keep_logging(**kwargs: Any) -> None:
    """That somebody listens keeps Celery from changing what Django's settings say of the log."""
