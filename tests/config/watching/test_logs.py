"""Log lines: one id from a request to the tasks that it leads to, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from celery import shared_task
from django.test import Client
from pytest_django import Settings

from config.celery import app
from config.watching import request_ids
from config.watching.logs import JsonFormatter, LineFormatter


@pytest.mark.django_db
@pytest.mark.parametrize("sent", ["", "two words", "x" * 200, "a\tb", "ü"])
def test_a_request_without_a_usable_id_gets_one_of_its_own(client: Client, sent: str) -> None:
    first, second = (client.get("/healthz", headers={"X-Request-ID": sent})["X-Request-ID"] for _ in range(2))
    assert len(first) == len(second) == 32 and first != second


@pytest.mark.django_db
def test_the_id_that_a_proxy_sends_is_kept_and_logged(
    client: Client, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.AKIN_LOG_REQUESTS = True
    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(JsonFormatter().format(record))  # type: ignore[method-assign]
    request_ids.logger.addHandler(handler)
    try:
        response = client.get("/healthz?q=secret", headers={"X-Request-ID": "from-proxy:1"})
    finally:
        request_ids.logger.removeHandler(handler)
    assert response["X-Request-ID"] == "from-proxy:1"
    (line,) = map(json.loads, seen)
    assert (line["request_id"], line["path"], line["status"]) == ("from-proxy:1", "/healthz", 200)
    assert "secret" not in caplog.text
    assert request_ids.request_id.get() == ""


def test_a_message_carries_the_id_and_the_task_goes_on_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    headers: dict[str, Any] = {}
    token = request_ids.request_id.set("abc")
    try:
        request_ids._send(headers=headers)
    finally:
        request_ids.request_id.reset(token)
    seen: list[tuple[str, str]] = []

    @shared_task(name="test.sees")  # type: ignore[untyped-decorator]
    def sees() -> None:
        seen.append((request_ids.request_id.get(), request_ids.task_name.get()))

    app.tasks["test.sees"].apply(headers=headers)
    assert seen == [("abc", "test.sees")]
    assert request_ids.request_id.get() == ""


def test_what_is_sent_outside_a_request_carries_none(monkeypatch: pytest.MonkeyPatch) -> None:
    headers: dict[str, Any] = {}
    request_ids._send(headers=headers)
    assert headers == {}


def record_of(message: str, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("akin.test").makeRecord("akin.test", logging.INFO, "f", 1, message, (), None, extra=extra)


def test_a_json_line_is_one_object_with_what_the_message_brings_along() -> None:
    line = JsonFormatter().format(record_of("two\nlines", milliseconds=3))
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["level"], found["logger"]) == ("two\nlines", "INFO", "akin.test")
    assert found["milliseconds"] == 3 and "request_id" not in found


def test_an_exception_is_a_field_of_the_line() -> None:
    record = record_of("failed")
    try:
        int("no such thing")
    except ValueError:
        record.exc_info = sys.exc_info()
    assert "ValueError: invalid literal" in json.loads(JsonFormatter().format(record))["exception"]


def test_a_line_for_people_names_the_id_where_there_is_one() -> None:
    formatter = LineFormatter("{levelname} {name}{request_note}: {message}", style="{")
    assert formatter.format(record_of("hello")) == "INFO akin.test: hello"
    token = request_ids.request_id.set("abc")
    assert formatter.format(record_of("hello")) == "INFO akin.test [abc]: hello"
    request_ids.request_id.reset(token)
