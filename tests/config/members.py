"""Processes that join the embedded services, for tests that kill them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil

from config.embedded.processes import is_alive, processes_in

ROOT = Path(__file__).resolve().parents[2]

MEMBER = """
import os, sys, time
from pathlib import Path
from config import embedded
data_dir = Path(sys.argv[1])
embedded.join(data_dir)
print("joined", flush=True)
for line in sys.stdin:
    if line == "fork\\n":
        child = os.fork()
        if child == 0:
            sys.exit(0)
        os.waitpid(child, 0)
    if line == "fork and stay\\n" and os.fork() == 0:
        for stream in (0, 1, 2):
            os.close(stream)
        time.sleep(30)
        os._exit(0)
    print("done", embedded.is_data_dir_gone(data_dir), flush=True)
"""


class Member:
    """A process that has joined when this returns, and leaves when it is told to."""

    def __init__(self, data_dir: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", MEMBER, str(data_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self._out.readline()
        assert said == "joined\n", self._process.communicate()[1]

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout
        return self._process.stdout

    def tell(self, line: str) -> str:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._out.readline().strip()

    def leave(self) -> str:
        """Returns what it said on standard error."""
        return self._process.communicate(timeout=20)[1]

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()


def servers(data_dir: Path) -> list[psutil.Process]:
    return processes_in(data_dir / "postgres", "postgres") + processes_in(data_dir / "redis", "redis-server")


def kill_all(processes: list[psutil.Process]) -> None:
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(is_alive(process) for process in processes):
        assert time.monotonic() < deadline
        time.sleep(0.01)
