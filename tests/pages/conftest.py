"""Browser windows for paths of the test server; they fail the test when the browser complains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

TIMEOUT = 10_000  # milliseconds
# What the browser and htmx print for a status of 4xx or 5xx, and for a request that a newer one replaced.
EXPECTED = ("Failed to load resource", "Response Status Error", "htmx:afterRequest", "htmx:sendAbort")

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Opens a path in a browser of its own. Scripts that fail and breaches of the content policy fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    def open_(path: str, *, cookies: dict[str, str] | None = None, **options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(TIMEOUT)
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in (cookies or {}).items()])
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
