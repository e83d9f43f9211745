"""The whole of Akin, started and stopped as `make run` does it."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded.processes import is_alive
from tests.config.members import kill_all, servers
from tests.config.started import find_port, read_until, start

pytestmark = [pytest.mark.faults, pytest.mark.slow]


@pytest.fixture
def free_port() -> int:
    return find_port()


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    left = servers(tmp_path / "data")
    kill_all(left)
    assert not left


def test_it_becomes_ready_with_the_demo_and_ctrl_c_leaves_no_process(data_dir: Path, free_port: int) -> None:
    process = start(data_dir, free_port)
    read_until(process, f"Akin is ready: http://127.0.0.1:{free_port}")
    family = psutil.Process(process.pid).children(recursive=True) + servers(data_dir)
    assert len(family) > 8
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/api/v1/collections/demo/status") as response:
        status = json.load(response)
    assert status["items"] >= 600
    assert status["states"]["embedded"] == status["items"]
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=15)[0]
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert not [one for one in family if is_alive(one)]


def test_a_busy_port_is_named_and_nothing_is_left_behind(data_dir: Path) -> None:
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = occupant.getsockname()[1]
        process = start(data_dir, port)
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert f"PORT={port} on 127.0.0.1 is in use" in output
    assert not (data_dir / "postgres").exists()


def wait_for_search(port: int, *, until: float) -> list[tuple[int, float]]:
    """Searches until it answers 200; every answer's status and seconds."""
    answers: list[tuple[int, float]] = []
    while not answers or answers[-1][0] != 200:
        started = time.monotonic()
        assert started < until, answers
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/v1/collections/demo/items", timeout=5
            ) as response:
                status = response.status
        except urllib.error.HTTPError as error:
            with error:
                status = error.code
        answers.append((status, time.monotonic() - started))
        time.sleep(0.1)
    return answers


def test_a_killed_database_and_redis_come_back_without_a_person(data_dir: Path, free_port: int) -> None:
    process = start(data_dir, free_port)
    read_until(process, f"Akin is ready: http://127.0.0.1:{free_port}")
    reader = threading.Thread(target=lambda: process.stdout and process.stdout.read(), daemon=True)
    reader.start()
    kill_all([one for one in servers(data_dir) if one.pid in leaders(data_dir)])
    answers = wait_for_search(free_port, until=time.monotonic() + 15)
    assert {status for status, _ in answers} <= {200, 503}
    assert max(seconds for _, seconds in answers) < 3  # one, and what a busy machine adds
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    reader.join()


def leaders(data_dir: Path) -> set[int]:
    postmaster = int((data_dir / "postgres/postmaster.pid").read_text().split()[0])
    return {postmaster, *(one.pid for one in servers(data_dir) if one.name() == "redis-server")}
