"""The life of a worker process: the model is loaded after the fork, and an end that is asked for is noticed."""

from __future__ import annotations

import mmap
import os
import threading
import time
from contextlib import suppress
from typing import Any

from celery import signals
from django.db import DatabaseError, InterfaceError

QUEUE = "embedding"
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 5.0  # for a call of the model, once the worker is to end: ten seconds are promised


class _Worker:
    """What the parent of a pool tells its children: memory that a fork shares, without a lock to be killed with."""

    def __init__(self) -> None:
        self.stopping = mmap.mmap(-1, 1)
        self.embeds = False


_worker = _Worker()


def connect() -> None:
    """Listens to Celery's signals. Call it where the Celery application is made."""
    signals.celeryd_after_setup.connect(_set_up, dispatch_uid="search.embedding.queue.worker.set_up")
    signals.worker_process_init.connect(_start_child, dispatch_uid="search.embedding.queue.worker.start_child")
    signals.worker_shutting_down.connect(_stop, dispatch_uid="search.embedding.queue.worker.stop")


def is_stopping() -> bool:
    """Whether the worker that this process is or belongs to was asked to end."""
    return _worker.stopping[0] != 0


def _set_up(instance: Any, **kwargs: Any) -> None:
    _worker.embeds = QUEUE in instance.app.amqp.queues.consume_from


def _start_child(**kwargs: Any) -> None:
    """A worker that embeds has its model ready before the first item; others load none."""
    from search.embedding.encoders import registry  # not before Django is set up

    if _worker.embeds:
        threading.Thread(target=_end_in_time, name="end-in-time", daemon=True).start()
        registry.warm()


def _end_in_time() -> None:
    """A call of the model or of an endpoint that goes on when the worker is to end is not waited for.

    What the process holds is given back, and it ends; its message is delivered again, to whoever is there.
    """
    from search.embedding.queue import pipeline

    while not is_stopping():
        time.sleep(LOOK_SECONDS)
    time.sleep(PATIENCE_SECONDS)
    with suppress(DatabaseError, InterfaceError):
        pipeline.hand_back()
    os._exit(0)


def _stop(**kwargs: Any) -> None:
    """In the parent, which alone gets the signal."""
    _worker.stopping[0] = 1
