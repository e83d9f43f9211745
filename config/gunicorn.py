"""The web server: threads that share one model and one pool of database connections in each process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not os.environ.get("AKIN_DATABASE_POOL"):
    os.environ["AKIN_DATABASE_POOL"] = str(int(os.environ.get("WEB_THREADS") or 8) + 1)

from config import settings  # after the line above, because it reads that variable
from config.watching.measuring import shared

shared.open_folder()  # before the fork: the workers' numbers outlive a worker

wsgi_app = "config.wsgi:application"
bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
worker_class = "config.server.worker.BufferingWorker"
timeout = 60
graceful_timeout = 5
preload_app = False
control_socket_disable = True
loglevel = settings.LOG_LEVEL.lower()
if settings.AKIN_LOG_FORMAT == "json":
    logconfig_dict = {
        **settings.LOGGING,
        "loggers": {**settings.LOGGING["loggers"], "gunicorn.error": {"level": settings.LOG_LEVEL, "propagate": True}},
    }
if Path("/dev/shm").is_dir():  # noqa: S108 - gunicorn makes its own file there
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def on_starting(server: Any) -> None:
    """For as long as this process lives, the embedded services do, also for the workers that it forks."""
    from config import services

    services.join()


def child_exit(server: Any, worker: Any) -> None:
    """What a worker held is held no more."""
    from prometheus_client import multiprocess

    if shared.is_shared():
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def post_worker_init(worker: Any) -> None:
    """The model is loaded after the fork, beside the first requests: its threads would not survive a fork."""
    from search.embedding.spaces import warmth

    warmth.start()
