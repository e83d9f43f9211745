"""Wakes the workers after a commit. A wake-up that is lost costs time only: beat finds the same rows."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from catalog.signals import items_changed

logger = logging.getLogger(__name__)

EXPIRES_SECONDS = 60  # a worker that is busy for longer than that looks for itself


def connect() -> None:
    """Listens to the catalog's changes."""
    items_changed.connect(_wake_on_change, dispatch_uid="search.embedding.queue.wakeup")


def disconnect() -> None:
    """Stops listening, for measurements."""
    items_changed.disconnect(dispatch_uid="search.embedding.queue.wakeup")


def _wake_on_change(sender: Any, *, collection_id: int, **kwargs: Any) -> None:
    wake()


def wake() -> None:
    """Has the workers look for pending items."""
    from search.embedding.tasks import embed_pending

    send(embed_pending)


def send(task: Any) -> None:
    """Sends the task's message. Never raises: without Redis beat does the same later."""
    if settings.AKIN_WAKE_WORKERS:
        try:
            task.apply_async(retry=False, expires=EXPIRES_SECONDS)
        except (OperationalError, RedisError, OSError) as error:
            logger.warning("The workers could not be woken, beat will do it: %s", error)
