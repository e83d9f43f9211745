"""The server that leads is killed while people write: nothing that was acknowledged is lost, and soon all goes on."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.config import started
from tests.config.deploying.patroni_nodes import PROGRAMS, Nodes, eventually
from tests.config.deploying.writers import Writers

pytestmark = [pytest.mark.faults, pytest.mark.slow]

MISSING = [name for name in PROGRAMS if not shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin")]
MAX_GAP = 30  # seconds without an acknowledged write


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    if MISSING:
        pytest.skip(f"No {', '.join(MISSING)}. On Debian: apt-get install patroni etcd-server haproxy")
    folder = Path(tempfile.mkdtemp(prefix="akin-nodes-"))
    folder.chmod(0o755)
    running = Nodes(folder / "cluster", count=2)
    try:
        assert eventually(running.has_synchronous_copy), running.log("node1") + running.log("node2")
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_killed_leader_costs_no_acknowledged_write(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes.ask("CREATE ROLE akin LOGIN PASSWORD 'akin'")
    nodes.ask("CREATE DATABASE akin OWNER akin")
    nodes.ask("CREATE EXTENSION vector", database="akin")
    monkeypatch.setenv("DATABASE_URL", nodes.url("akin", "akin", "akin"))
    port = started.find_port()
    settings = {"DATABASE_URL": nodes.url("akin", "akin", "akin"), "AKIN_ENCODER": "fake", "AKIN_RATE_LIMIT": "0"}
    akin = started.start(tmp_path / "akin", port, **settings)
    reader = threading.Thread(target=lambda: None)
    try:
        started.read_until(akin, f"Akin is ready: http://127.0.0.1:{port}")
        reader = threading.Thread(target=akin.stdout.read if akin.stdout else None)
        reader.start()
        api = f"http://127.0.0.1:{port}/api/v1/collections"
        writers = Writers(f"{api}/demo", started.make_key(tmp_path / "akin"))
        assert eventually(lambda: len(writers.acknowledged) > 50)
        led = nodes.leader()
        nodes.kill(led)
        before = len(writers.acknowledged)
        assert eventually(lambda: len(writers.acknowledged) > before + 50), nodes.log("haproxy")
        writers.end()
        assert nodes.leader() != led
        gap, acknowledged = writers.longest_gap(), {one for _, one in writers.acknowledged}
        kept = nodes.ask("SELECT array_agg(external_id) FROM catalog_item WHERE external_id LIKE 'w%'", "akin")
        assert acknowledged <= set(kept)
        assert gap < MAX_GAP
        assert not writers.wrong
        found = httpx.get(f"{api}/demo/search", params={"q": "tent"}, timeout=10)
        assert found.status_code == 200 and found.json()["hits"]
    finally:
        started.end(akin, reader)
