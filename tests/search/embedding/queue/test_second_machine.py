"""A worker on another machine, which knows the addresses of PostgreSQL and Redis and has a folder of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.search.embedding.queue.stage import ROOT, Stage, set_up, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SECONDS_PER_TEXT = 0.01
WATCHED = 8  # seconds that a rate is measured in
WORKER = (sys.executable, "-m", "celery", "--app", "config.celery", "worker", "--queues", "embedding")


@pytest.fixture
def stage() -> Iterator[Stage]:
    with set_up() as stage:
        yield stage


def embedded_count(stage: Stage) -> int:
    return int(stage.one("SELECT count(*) FROM search_itemembedding WHERE state = 'embedded'"))


def rate(stage: Stage) -> float:
    """Items a second, from the first that is embedded from now on."""
    before = embedded_count(stage)
    wait_for(lambda: embedded_count(stage) > before)
    first, started = embedded_count(stage), time.monotonic()
    time.sleep(WATCHED)
    return (embedded_count(stage) - first) / (time.monotonic() - started)


@contextmanager
def second_machine(stage: Stage, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker that has nothing but the two addresses, and what it says of errors."""
    environment = stage.environment | {
        "AKIN_DATA_DIR": str(folder / "data"),
        "DATABASE_URL": f"postgresql://akin@/akin?host={stage.layout.sockets}",
        "REDIS_URL": stage.layout.redis_url,
    }
    command = [*WORKER, "--hostname", "embedding@second", "--concurrency", "1", "--loglevel", "ERROR"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_a_second_machine_raises_the_rate_and_starts_nothing_of_its_own(stage: Stage, tmp_path: Path) -> None:
    stage.restart(items=6_000, seconds_per_text=SECONDS_PER_TEXT)
    first = (*WORKER, "--hostname", "embedding@first", "--concurrency", "1", "--loglevel", "ERROR")
    with stage.process(*first) as running:
        stage.wake()
        alone = rate(stage)
        with second_machine(stage, tmp_path) as second:
            stage.wake()
            wait_for(lambda: stage.one(HOLDERS) == 2)
            together = rate(stage)
            assert not list((tmp_path / "data").glob("postgres*"))
            second.terminate()
            assert second.wait(10) == 0
        running.terminate()
        assert running.wait(10) == 0
    assert together > 1.5 * alone
    assert stage.one("SELECT count(*) FROM search_itemembedding WHERE state = 'claimed'") == 0


HOLDERS = "SELECT count(DISTINCT lease_token) FROM search_itemembedding WHERE state = 'claimed'"
