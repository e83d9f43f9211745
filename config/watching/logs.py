"""How a line of the log looks: for people, or as JSON for programs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from config.watching.request_ids import request_id, task_name

# What every record has; the rest is what a message brings along.
OF_EVERY_RECORD: Final = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "request"}


class LineFormatter(logging.Formatter):
    """Time, level, logger and message, and the request's id where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        own = request_id.get()
        record.request_note = f" [{own}]" if own else ""
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        own = {"request_id": request_id.get(), "task": task_name.get()}
        fields |= {key: value for key, value in own.items() if value}
        fields |= {key: value for key, value in vars(record).items() if key not in OF_EVERY_RECORD}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def logging_settings(level: str, kind: str) -> dict[str, Any]:
    """Django's LOGGING; `kind` is `line` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "config.watching.logs.LineFormatter",
                "format": "{asctime} {levelname} {name}{request_note}: {message}",
                "style": "{",
            },
            "json": {"()": "config.watching.logs.JsonFormatter"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": kind}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level},
            # Django's own handlers would print the same lines in another form.
            "django.server": {"handlers": [], "propagate": True},
            "django.db.backends": {"level": "INFO"},
            # What the model libraries say while they convert a model is about their own code.
            **{name: {"level": "ERROR"} for name in ("py.warnings", "nncf", "optimum", "sentence_transformers")},
            "httpx": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "waitress.queue": {"level": "ERROR"},  # says how many wait, at each request
        },
    }
