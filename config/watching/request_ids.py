"""One id from a request through its log lines and those of the tasks that it leads to."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from celery import signals
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger("akin.requests")
tasks = logging.getLogger("akin.tasks")

HEADER: Final = "X-Request-ID"
MESSAGE_HEADER: Final = "akin_request_id"
ACCEPTED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+/=-]{0,127}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
task_name: ContextVar[str] = ContextVar("task_name", default="")


class RequestIdMiddleware:
    """Takes the id that a proxy or a client sends, or makes one, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get(HEADER, "")
        own = sent if ACCEPTED.fullmatch(sent) else uuid.uuid4().hex
        token = request_id.set(own)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response[HEADER] = own
            if settings.AKIN_LOG_REQUESTS:
                _log(request, response, (time.perf_counter() - started) * 1_000)
            return response
        finally:
            request_id.reset(token)


def _log(request: HttpRequest, response: HttpResponseBase, milliseconds: float) -> None:
    """Without the query string: it is what a person looks for."""
    extra = {"method": request.method, "path": request.path, "status": response.status_code}
    message = "%s %s %d in %d ms"
    values = (request.method, request.path, response.status_code, round(milliseconds))
    logger.info(message, *values, extra={**extra, "milliseconds": round(milliseconds)})


def connect() -> None:
    """Has messages carry the id of who sends them, and tasks go on with it."""
    signals.before_task_publish.connect(_send, dispatch_uid="config.request_ids.send")
    signals.task_prerun.connect(_begin, dispatch_uid="config.request_ids.begin")
    signals.task_postrun.connect(_end, dispatch_uid="config.request_ids.end")


def _send(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    if headers is not None and request_id.get():
        headers[MESSAGE_HEADER] = request_id.get()


def _begin(task: Any, **kwargs: Any) -> None:
    request = task.request
    request_id.set(request.get(MESSAGE_HEADER) or (request.headers or {}).get(MESSAGE_HEADER) or "")
    task_name.set(task.name)


def _end(task: Any, state: str | None = None, **kwargs: Any) -> None:
    """What beat sends is done many times a minute, and told only at level DEBUG."""
    level = logging.INFO if request_id.get() else logging.DEBUG
    tasks.log(level, "%s ended: %s", task.name, state)
    request_id.set("")
    task_name.set("")
