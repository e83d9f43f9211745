"""A worker on another machine, which knows the addresses of PostgreSQL and Redis and has a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.search.embedding.queue.stage import CELERY, Stage, set_up, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SECONDS_PER_TEXT = 0.01
WATCHED = 8  # seconds that a rate is measured in
WORKER = (*CELERY, "worker", "--queues", "embedding", "--concurrency", "1", "--loglevel", "ERROR", "--hostname")
HOLDERS = "SELECT count(DISTINCT lease_token) FROM search_itemembedding WHERE state = 'claimed'"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with set_up() as stage:
        yield stage


def rate(stage: Stage) -> float:
    """Items a second, from the first that is embedded from now on."""
    before = stage.embedded_count()
    wait_for(lambda: stage.embedded_count() > before)
    first, started = stage.embedded_count(), time.monotonic()
    time.sleep(WATCHED)
    return (stage.embedded_count() - first) / (time.monotonic() - started)


def test_a_second_machine_raises_the_rate_and_starts_nothing_of_its_own(stage: Stage, tmp_path: Path) -> None:
    stage.restart(items=6_000, seconds_per_text=SECONDS_PER_TEXT)
    second_machine = stage.process(
        *(*WORKER, "embedding@second"),
        AKIN_DATA_DIR=str(tmp_path / "data"),
        DATABASE_URL=f"postgresql://akin@/akin?host={stage.layout.sockets}",
        REDIS_URL=stage.layout.redis_url,
    )
    with stage.process(*WORKER, "embedding@first") as running:
        stage.wake()
        alone = rate(stage)
        with second_machine as second:
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
