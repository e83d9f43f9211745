"""The whole of Akin, started and stopped as `make run` does it."""

from __future__ import annotations

import io
import json
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.embedded.processes import is_alive
from config.management.commands.start import Lines
from tests.config.members import kill_all, servers
from tests.config.started import end, find_port, make_key, read_until, start

pytestmark = [pytest.mark.faults, pytest.mark.slow]


class SlowTerminal(io.StringIO):
    """Lets other threads print between two writes, as a busy machine does."""

    def write(self, text: str) -> int:
        time.sleep(0.001)
        return super().write(text)


def test_lines_of_many_processes_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = SlowTerminal()
    monkeypatch.setattr("sys.stdout", terminal)
    lines = Lines()

    def repeat(say: Callable[[], None]) -> None:
        for _ in range(20):
            say()

    web, ready = (lambda: lines.show("web", "line")), (lambda: lines.say("Akin is ready"))
    threads = [threading.Thread(target=repeat, args=(say,)) for say in (web, web, web, ready)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    printed = terminal.getvalue().splitlines()
    assert printed.count("Akin is ready") == 20
    assert sum(line.endswith("| line") for line in printed) == 60
    assert len(printed) == 80


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


class Running:
    """A started Akin with a key for its demo."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self._root = f"http://127.0.0.1:{port}"
        self._key = make_key(data_dir)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._root}{path}", data, headers, method=method)  # noqa: S310 - http
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def outage(self, path: str, *, until: Callable[[int, Any], bool]) -> list[tuple[int, Any, float]]:
        """Asks until the answer is so, 15 seconds at most: status, body and seconds of each answer."""
        answers: list[tuple[int, Any, float]] = []
        deadline = time.monotonic() + 15
        while not answers or not until(answers[-1][0], answers[-1][1]):
            started = time.monotonic()
            assert started < deadline, answers
            status, body = self.ask("GET", path)
            answers.append((status, body, time.monotonic() - started))
            time.sleep(0.05)
        return answers

    def leader_of(self, service: str) -> psutil.Process:
        folder = self.data_dir / service
        number = (folder / ("postmaster.pid" if service == "postgres" else "redis.pid")).read_text().split()[0]
        return psutil.Process(int(number))

    def kill(self, service: str) -> psutil.Process:
        process = self.leader_of(service)
        kill_all([process])
        return process


@pytest.fixture
def akin(data_dir: Path, free_port: int) -> Iterator[Running]:
    process = start(data_dir, free_port, AKIN_ENCODER="fake", AKIN_RATE_LIMIT="0")
    try:
        read_until(process, f"Akin is ready: http://127.0.0.1:{free_port}")
        reader = threading.Thread(target=lambda: process.stdout and process.stdout.read(), daemon=True)
        reader.start()
        yield Running(data_dir, free_port)
        assert process.poll() is None
        end(process, reader)
    finally:
        process.kill()


DEMO = "/api/v1/collections/demo"


def test_a_killed_database_and_redis_come_back_without_a_person(akin: Running) -> None:
    killed = akin.kill("postgres")
    answers = akin.outage("/readyz", until=lambda status, _: status == 200)
    down = [body for status, body, _ in answers if status == 503]
    assert down and down[0]["database"]["state"] == "down" and down[0]["status"] == "unavailable"
    answers += akin.outage(f"{DEMO}/search?q=lamp", until=lambda status, _: status == 200)
    assert {status for status, _, _ in answers} == {200, 503}
    assert max(seconds for _, _, seconds in answers) < 3  # one, and what a busy machine adds
    assert akin.leader_of("postgres").pid != killed.pid

    akin.kill("redis")
    answers = akin.outage("/readyz", until=lambda _, body: body["redis"]["state"] == "up")
    assert {status for status, _, _ in answers} == {200}
    assert all(body["status"] == "degraded" for _, body, _ in answers if body["redis"]["state"] == "down")
    assert max(seconds for _, _, seconds in answers) < 3
    all_work_again(akin)


def all_work_again(akin: Running) -> None:
    """The worker embeds new items; beat asks the other one for their duplicates, which it finds."""
    twin = {"title": "Quokka enclosure heater", "body": "Keeps a burrow warm in the night, at 40 W."}
    for name in ("heater-1", "heater-2"):
        assert akin.ask("POST", f"{DEMO}/items", {"external_id": name, **twin})[0] == 201
    deadline = time.monotonic() + 90
    while not has_pair(akin):
        assert time.monotonic() < deadline, akin.ask("GET", f"{DEMO}/status")
        time.sleep(0.5)
    states = akin.ask("GET", f"{DEMO}/status")[1]["states"]
    assert states["pending"] + states["claimed"] == 0


def has_pair(akin: Running) -> bool:
    _, found = akin.ask("GET", f"{DEMO}/duplicates?limit=100")
    return "heater-1" in json.dumps(found)
