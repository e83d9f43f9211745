"""What every test stands on: real PostgreSQL, real Redis, an empty cache, and Chromium for the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from playwright.sync_api import Browser, Page, sync_playwright

from config import services
from search.embedding.query_vectors import forget_queries
from search.retrieval import remembered
from tests import chromium as chromiums

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("akin", deadline=None)
hypothesis.settings.load_profile("akin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever opens a page in a browser is marked `chromium`."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("chromium")


@pytest.fixture(scope="session", autouse=True)
def _services() -> Iterator[None]:
    """The embedded services in the tests' data directory, unless DATABASE_URL and REDIS_URL name others."""
    services.join()
    yield
    services.leave()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Of Redis only where it is the tests' own: clearing empties the whole database."""
    forget_queries()
    remembered.forget()
    if "redis" in settings.EMBEDDED_SERVICES:
        cache.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium. Without one the test is skipped, in CI it fails."""
    found = next((path for name in chromiums.NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    reason = "No Chromium in PATH. On Debian: apt-get install chromium"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    # Playwright runs an event loop in this thread, in which Django would refuse to use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium, args=chromiums.QUIET, chromium_sandbox=os.geteuid() != 0
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty browser window of its own; a script error or a violated content security policy fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert not problems
