"""Workers, PostgreSQL and Redis are killed under load; in the end every item has exactly the vectors of its text."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import psycopg
import pytest

from config import embedded
from search.embedding.encoders.fake import FakeEncoder
from search.models import EmbeddingSpace
from tests.search.embedding.encoders.endpoint import Endpoint
from tests.search.embedding.queue.stage import CELERY, Stage, set_up, wait_for

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def whole_stage() -> Iterator[Stage]:
    with set_up() as stage:
        yield stage


@pytest.fixture
def stage(whole_stage: Stage) -> Stage:
    return whole_stage


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing(stage: Stage) -> None:
    stage.restart(items=600, seconds_per_text=0.002)
    with stage.worker() as worker:
        wait_for(lambda: stage.embedded_count() > 100)
        worker.kill()
        worker.wait()
    claimed = int(stage.one("SELECT count(*) FROM search_itemembedding WHERE state = 'claimed'"))
    assert claimed > 0
    stage.expire_leases()
    with stage.worker():
        stage.check()


def test_a_worker_that_is_asked_to_end_gives_its_batch_back(stage: Stage) -> None:
    stage.restart(items=2_000, seconds_per_text=0.005)
    with stage.worker() as worker:
        wait_for(lambda: stage.embedded_count() > 0)
        started = time.monotonic()
        worker.terminate()
        assert worker.wait(10) == 0
        assert time.monotonic() - started < 5
    assert stage.one("SELECT count(*) FROM search_itemembedding WHERE state = 'claimed' OR attempts > 0") == 0
    assert 0 < stage.embedded_count() < 2_000


def test_a_killed_database_loses_nothing(stage: Stage) -> None:
    stage.restart(items=1_000, seconds_per_text=0.001)
    with stage.worker(), stage.worker():
        wait_for(lambda: stage.embedded_count() > 100)
        stage.run("UPDATE catalog_item SET title = title || ' edited' WHERE id %% 3 = 0")
        stage.kill_postgres()
        time.sleep(0.5)
        with pytest.raises(psycopg.OperationalError):
            stage.connect()
        stage.start_postgres()
        stage.run("UPDATE catalog_item SET title = title || ' again' WHERE id %% 5 = 0")
        stage.expire_leases()
        stage.check()


@pytest.mark.slow
def test_ten_thousand_edits_of_a_thousand_items_while_three_workers_run(stage: Stage) -> None:
    stage.restart(items=1_000)

    def edit(seed: int) -> None:
        dice = random.Random(seed)
        with stage.connect() as connection:
            first = connection.execute("SELECT min(id) FROM catalog_item").fetchall()[0][0]
            for n in range(2_500):
                target = first + dice.randrange(1_000)
                connection.execute("UPDATE catalog_item SET title = %s WHERE id = %s", (f"edit {seed} {n}", target))

    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            stack.enter_context(stage.worker())
        for edited in [pool.submit(edit, seed) for seed in range(4)]:
            edited.result()
        stage.check()


@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_that_jumps_loses_nothing(stage: Stage, hours: int) -> None:
    stage.restart(items=600, seconds_per_text=0.002)
    with stage.worker(), stage.worker():
        wait_for(lambda: stage.embedded_count() > 50)
        stage.run("UPDATE catalog_item SET title = title || ' edited' WHERE id %% 3 = 0")
        stage.jump(hours)
        stage.check()
    assert stage.one("SELECT count(*) FROM search_itemembedding WHERE lost_workers > 1") == 0


def test_workers_encode_one_collection_at_the_same_time_and_no_text_twice(stage: Stage) -> None:
    stage.restart(items=3_000, seconds_per_text=0.002)
    with stage.worker(), stage.worker():
        stage.check()
    calls = stage.encoded()
    texts = [text for call in calls for text in call["texts"]]
    assert len(texts) == len(set(texts)) == 3_000
    first, second = ([call for call in calls if call["worker"] == pid] for pid in {call["worker"] for call in calls})
    both = sum(
        max(min(one["ended"], other["ended"]) - max(one["started"], other["started"]), 0.0)
        for one in first
        for other in second
    )
    shorter = min(sum(call["ended"] - call["started"] for call in own) for own in (first, second))
    assert both > shorter / 2, "they worked one after the other"


@pytest.mark.slow
def test_an_endpoint_that_is_busy_slow_and_gone_delays_its_items_only(stage: Stage) -> None:
    stage.restart(items=300)
    fake = FakeEncoder(EmbeddingSpace(name="fake", dimensions=384))
    endpoint = Endpoint()
    endpoint.vector = lambda text: fake.encode_query(text).tolist()  # type: ignore[method-assign]
    stage.use_endpoint(endpoint.url)
    try:
        endpoint.script = [200, (429, {"Retry-After": "0.5"}), 503, 200, 2.0, 2.0, 2.0, 200]
        with stage.worker():
            wait_for(lambda: not endpoint.script or _retry_now(stage))
            wait_for(lambda: stage.embedded_count() > 0 or _retry_now(stage))
            endpoint.close()
            stage.run("UPDATE catalog_item SET title = title || ' while nobody answered'")
            wait_for(lambda: int(stage.one(WAITING)) == 300)
            endpoint.open(endpoint.port)
            wait_for(lambda: stage.is_settled() or _retry_now(stage))
            stage.check()
    finally:
        endpoint.close()


WAITING = "SELECT count(*) FROM search_itemembedding WHERE state = 'pending' AND error_class = 'EncoderUnavailable'"


def _retry_now(stage: Stage) -> bool:
    """As if the pause until the next attempt was over."""
    stage.run("UPDATE search_itemembedding SET next_attempt_at = now() WHERE state = 'pending'")
    return False


@pytest.mark.slow
def test_a_call_of_the_model_that_goes_on_for_long_does_not_keep_a_worker_from_ending(stage: Stage) -> None:
    stage.restart(items=5, seconds_per_text=30.0)
    worker = (*CELERY, "worker", "--queues", "embedding", "--concurrency", "1", "--loglevel", "ERROR")
    with stage.process(*worker) as running:
        wait_for(lambda: bool(psutil.Process(running.pid).children()))
        stage.wake()
        wait_for(lambda: stage.one("SELECT count(*) FROM search_itemembedding WHERE state = 'claimed'") == 5)
        running.terminate()
        assert running.wait(10) == 0
    assert stage.one("SELECT count(*) FROM search_itemembedding WHERE state = 'claimed' OR attempts > 0") == 0


@pytest.mark.slow
def test_redis_gone_and_empty_then_the_celery_worker_asked_to_end(stage: Stage, tmp_path: Path) -> None:
    stage.restart(items=10, seconds_per_text=0.005)
    worker = (*CELERY, "worker", "--queues", "embedding", "--concurrency", "1", "--loglevel", "ERROR")
    beat = (*CELERY, "beat", "--loglevel", "ERROR", "--schedule", str(stage.layout.data_dir / "beat"))
    log = tmp_path / "worker.log"
    with stage.process(*worker, log=log) as running, stage.process(*beat):
        stage.check()
        stage.kill_redis()
        stage.run("UPDATE catalog_item SET title = title || ' while Redis was gone'")
        wait_for(lambda: "again in 6.00 seconds" in log.read_text())  # its pauses between attempts have grown
        embedded.redis.ensure_running(stage.layout)
        stage.check()
        stage.add_items(3_000)
        wait_for(lambda: stage.embedded_count() > 10)
        running.terminate()
        assert running.wait(10) == 0
    assert stage.one("SELECT count(*) FROM search_itemembedding WHERE state = 'claimed'") == 0


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["--max-tasks-per-child", "--max-memory-per-child"])
def test_a_child_that_is_replaced_again_and_again_loses_nothing(stage: Stage, limit: str) -> None:
    stage.restart(items=400, seconds_per_text=0.002)
    recycled = (limit, "1", "--concurrency", "1", "--loglevel", "ERROR")
    with stage.process(*CELERY, "worker", "--queues", "embedding", *recycled) as running:
        children: set[int] = set()
        for _ in range(5):
            stage.wake()
            children |= _new_children(running.pid, children)
            stage.add_items(200)
        stage.wake()
        wait_for(stage.is_settled)
        stage.check()
        assert len(children) >= 4, "one task and it is replaced"
        running.terminate()
        assert running.wait(10) == 0
    assert stage.one("SELECT count(*) FROM search_itemembedding WHERE attempts > 0 OR lost_workers > 0") == 0


def _new_children(pid: int, known: set[int]) -> set[int]:
    """Waits for a child that is not known yet."""
    found: set[int] = set()

    def look() -> bool:
        found.update({child.pid for child in psutil.Process(pid).children()} - known)
        return bool(found)

    wait_for(look)
    return found
