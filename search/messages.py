"""Announcing tasks to the workers, by name, so that no use case imports the task that calls it."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

EXPIRES_SECONDS = 60  # a worker that is busy for longer than that looks for itself


def send(name: str, *args: Any, expires: int | None = EXPIRES_SECONDS, countdown: int | None = None) -> None:
    """Sends the message of the task of that name. Never raises: without Redis beat does the same later."""
    if not settings.AKIN_WAKE_WORKERS:
        return
    try:
        current_app.send_task(name, args=args, expires=expires, countdown=countdown, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("The workers were not told of %s, beat will do it: %s", name, error)
