"""The supervisor: what it starts ends with it, whichever way it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from config.embedded.processes import is_alive

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.faults

# The children are the script's arguments, NAME=COMMAND; those called `worker` may be started again.
SCRIPT = """
import sys
from pathlib import Path
from config.supervisor import AlreadyRunning, Child, Registry, Supervisor

def show(name, line):
    sys.stdout.write(f"{name}: {line}\\n")  # in one piece: print writes the end of the line by itself
    sys.stdout.flush()

directory = Path(sys.argv[1])
children = [
    Child(name, command, may_restart=name == "worker", directory=Path.cwd(), show=show)
    for name, _, command in (argument.partition("=") for argument in sys.argv[2:])
]
try:
    with Registry(directory) as registry:
        supervisor = Supervisor(
            children,
            registry=registry,
            show=show,
            is_ready=lambda: True,
            on_ready=lambda: sys.stdout.write("ready\\n"),
            trouble=lambda: "the roof is on fire" if (directory / "trouble").exists() else "",
        )
        sys.exit(supervisor.run())
except AlreadyRunning as error:
    sys.exit(str(error))
"""

# A thread that holds the interpreter's lock sends them; the main thread, which runs handlers, waits for the lock.
BUSY = """
import os, signal, sys, threading, time
from config.supervisor.signals import Signals

sys.setswitchinterval(5)
signals = Signals()
signals.listen()

def send():
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            pass

sender = threading.Thread(target=send)
sender.start()
sender.join()
print(signals.count(), signals.count(signal.SIGINT))
"""

# Says its number and that of a child of its own, then waits.
FAMILY = "sh -c 'sleep 300 & echo $$ $!; wait'"
STUBBORN = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.2; done'"

Start = Callable[..., "Run"]


class Run:
    """A supervisor in a process of its own."""

    def __init__(self, directory: Path, *children: str) -> None:
        self._unread: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(directory), *children],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._limit = threading.Timer(60, self.process.kill)  # so that no test waits for ever
        self._limit.daemon = True
        self._limit.start()

    @property
    def out(self) -> IO[str]:
        assert self.process.stdout
        return self.process.stdout

    def line_of(self, name: str) -> str:
        """The next line that the child of that name prints."""
        return self.line_with(f"{name}: ").removeprefix(f"{name}: ")

    def line_with(self, start: str) -> str:
        """The next line that begins so; the others stay unread."""
        for line in [*self._unread]:
            if line.startswith(start):
                self._unread.remove(line)
                return line.strip()
        for line in self.out:
            if line.startswith(start):
                return line.strip()
            self._unread.append(line)
        raise AssertionError(f"No line begins with {start!r}: {self._unread}")

    def family_of(self, name: str) -> list[psutil.Process]:
        return [psutil.Process(int(pid)) for pid in self.line_of(name).split()]

    def send(self, number: signal.Signals) -> int:
        """Returns the exit status."""
        self.process.send_signal(number)
        return self.end()

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.end()

    def end(self) -> int:
        self._unread += self.process.communicate(timeout=20)[0].splitlines()
        self._limit.cancel()
        return self.process.returncode


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    runs: list[Run] = []

    def started(*children: str) -> Run:
        runs.append(Run(tmp_path, *children))
        return runs[-1]

    yield started
    for run in runs:
        run.kill()


def assert_gone(processes: list[psutil.Process], *, within: float = 0.0) -> None:
    deadline = time.monotonic() + within
    while any(is_alive(process) for process in processes):
        assert time.monotonic() < deadline, processes
        time.sleep(0.02)


def test_two_signals_while_python_is_busy_are_two() -> None:
    done = subprocess.run([sys.executable, "-c", BUSY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "2"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_down_to_the_grandchildren(start: Start, number: signal.Signals) -> None:
    run = start(f"web={FAMILY}", f"worker={FAMILY}")
    families = [*run.family_of("web"), *run.family_of("worker")]
    assert run.send(number) == 0
    assert_gone(families)


def test_a_child_that_does_not_listen_is_killed_at_the_second_ctrl_c(start: Start) -> None:
    run = start(f"web={STUBBORN}")
    family = run.family_of("web")
    run.process.send_signal(signal.SIGINT)
    assert run.line_of("akin") == "stopping"
    started = time.monotonic()
    assert run.send(signal.SIGINT) == 0
    assert time.monotonic() - started < 4
    assert_gone(family)


def test_the_death_of_the_web_server_ends_the_rest_with_a_failure(start: Start) -> None:
    run = start("web=sh -c 'exit 3'", f"worker={FAMILY}")
    assert run.line_of("akin") == "web ended unexpectedly (exit status 3); stopping"
    assert run.end() == 1


def test_a_worker_that_dies_is_started_again(start: Start) -> None:
    run = start(f"web={FAMILY}", f"worker={FAMILY}")
    first = run.family_of("worker")
    first[0].kill()
    assert run.line_of("akin") == "worker ended unexpectedly (signal 9); starting it again"
    second = run.family_of("worker")
    assert_gone(first)
    assert run.send(signal.SIGINT) == 0
    assert_gone(second)


def test_a_worker_that_dies_again_and_again_ends_everything(start: Start) -> None:
    run = start(f"web={FAMILY}", "worker=false")
    family = run.family_of("web")
    assert run.end() == 1
    assert_gone(family)


def test_trouble_ends_everything(start: Start, tmp_path: Path) -> None:
    run = start(f"web={FAMILY}")
    family = run.family_of("web")
    (tmp_path / "trouble").touch()
    assert run.line_of("akin") == "the roof is on fire; stopping"
    assert run.end() == 1
    assert_gone(family)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_the_children_of_a_killed_supervisor_end(start: Start) -> None:
    run = start("web=sleep 300")
    run.line_with("ready")
    [child] = psutil.Process(run.process.pid).children()
    while child.name() != "sleep":
        time.sleep(0.02)
    run.kill()
    assert_gone([child], within=5)


def test_a_start_ends_what_a_killed_supervisor_left(start: Start) -> None:
    first = start(f"web={STUBBORN}")
    [survivor] = first.family_of("web")
    first.line_with("ready")
    first.kill()
    assert is_alive(survivor)
    second = start(f"web={FAMILY}")
    family = second.family_of("web")
    assert_gone([survivor])
    assert second.send(signal.SIGINT) == 0
    assert_gone(family)


def test_a_second_supervisor_on_the_same_directory_is_refused(start: Start) -> None:
    run = start(f"web={FAMILY}")
    run.family_of("web")
    second = start(f"web={FAMILY}")
    assert second.line_with("Akin runs already").endswith(f"as process {run.process.pid}.")
    assert second.end() == 1
    assert run.send(signal.SIGINT) == 0
