"""The faults of a machine, one after the other, while people write, read and search: nothing is lost or wrong."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.config import started
from tests.config.deploying.patroni_nodes import eventually
from tests.config.deploying.writers import Writers
from tests.search.embedding.queue.stage import Stage

pytestmark = [pytest.mark.faults, pytest.mark.slow]

DISK = "700m"
# Null where nothing is left.
UNEMBEDDED = """
    SELECT array_agg(DISTINCT concat_ws(' ', e.state, e.attempts, e.error_class, e.error_message))
    FROM catalog_item i LEFT JOIN search_itemembedding e ON e.item_id = i.id
    WHERE i.external_id LIKE 'w%%' AND (e.id IS NULL OR e.state <> 'embedded')
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    if os.geteuid():
        pytest.skip("Only root can mount a disk that may be filled")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "akin", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Machine(Stage):
    """An Akin that runs on the disk, and what can happen to it."""

    def __init__(self, disk: Path) -> None:
        super().__init__(disk / "akin")
        self.port = started.find_port()
        self.akin = started.start(self.layout.data_dir, self.port, AKIN_ENCODER="fake", AKIN_RATE_LIMIT="0")
        started.read_until(self.akin, f"Akin is ready: http://127.0.0.1:{self.port}")
        assert self.akin.stdout
        self.reader = threading.Thread(target=self.akin.stdout.read)
        self.reader.start()

    def kill_worker(self) -> None:
        for child in psutil.Process(self.akin.pid).children(recursive=True):
            with suppress(psutil.Error):
                if "embedding@" in " ".join(child.cmdline()):
                    child.kill()

    def put_clock_back(self) -> None:
        """As if it had been put back by an hour: what was written down lies that far in the future."""
        self.jump(-1)

    def fill_disk(self) -> None:
        """For three seconds not a byte is left."""
        filler = self.layout.data_dir.parent / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(1 << 20)):
                pass
        time.sleep(3)
        filler.unlink()


@pytest.fixture
def machine(disk: Path) -> Iterator[Machine]:
    running = Machine(disk)
    yield running
    started.end(running.akin, running.reader)


def test_faults_under_load_lose_nothing_and_make_no_answer_wrong(machine: Machine) -> None:
    api = f"http://127.0.0.1:{machine.port}/api/v1/collections/demo"
    writers = Writers(api, started.make_key(machine.layout.data_dir))
    faults: list[Callable[[], None]] = [
        machine.kill_worker,
        machine.kill_redis,
        machine.kill_postgres,
        machine.put_clock_back,
        machine.fill_disk,
    ]
    try:
        assert eventually(lambda: len(writers.acknowledged) > 50)
        for fault in faults:
            fault()
            before = len(writers.acknowledged)
            assert eventually(lambda before=before: len(writers.acknowledged) > before + 50, 60), (  # type: ignore[misc]
                fault.__name__,
                writers.statuses,
            )
    finally:
        writers.end()
    assert not writers.wrong
    assert set(writers.statuses) <= {200, 201, 503}, writers.statuses
    kept = machine.one("SELECT array_agg(external_id) FROM catalog_item WHERE external_id LIKE 'w%%'")
    assert {one for _, one in writers.acknowledged} <= set(kept)
    machine.sweep()
    assert eventually(lambda: machine.one(UNEMBEDDED) is None, 120), machine.one(UNEMBEDDED)
    found = httpx.get(f"{api}/search", params={"q": "tent"}, timeout=10).json()
    assert found["hits"] and not found["degraded"]
