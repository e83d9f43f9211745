"""A system under measurement: its processes, what they hold of memory, and JSON over HTTP to them."""

from __future__ import annotations

import atexit
import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

IDLE_SHARE = 0.05  # of one core: what a system may use and count as idle
IDLE_SECONDS = 3
GRACE_SECONDS = 30
KEPT_SECONDS = 2.0  # servers close a connection that is idle for longer; some after five


class Server:
    """A program started in a folder of its own, with its output in a file there."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], directory: Path | None = None
    ) -> None:
        self.folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "server.log"
        self._output: IO[bytes] = self.log.open("wb")
        self._process = subprocess.Popen(
            list(command),
            cwd=directory or folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        atexit.register(self.stop)

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Raises RuntimeError with the end of the log when the program ends or takes longer."""
        limit = time.monotonic() + seconds
        while not is_ready():
            if self._process.poll() is not None:
                raise RuntimeError(f"ended with status {self._process.returncode}: {self.last_lines()}")
            if time.monotonic() > limit:
                raise RuntimeError(f"was not ready after {seconds:.0f} s: {self.last_lines()}")
            time.sleep(0.2)

    def last_lines(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " / ".join(lines[-3:])

    def processes(self) -> list[psutil.Process]:
        """The program, its children, and whatever else works in its folder, as an embedded database does."""
        found = {self._process.pid}
        with suppress(psutil.Error):
            found |= {child.pid for child in psutil.Process(self._process.pid).children(recursive=True)}
        for process in psutil.process_iter(["cwd"]):
            if process.info["cwd"] and Path(process.info["cwd"]).is_relative_to(self.folder):
                found.add(process.pid)
        found.discard(os.getpid())
        return [psutil.Process(pid) for pid in found if psutil.pid_exists(pid)]

    def memory_megabytes(self) -> float:
        """Proportional set size of all of them: pages that they share are counted once."""
        return sum(_megabytes(process) for process in self.processes())

    def wait_until_idle(self, *, seconds: float) -> float:
        """How long the processes still worked, in seconds; `seconds` when they did not stop."""
        started = time.monotonic()
        last_busy = started
        before = self._processor_seconds()
        while time.monotonic() - started < seconds:
            time.sleep(1)
            now = self._processor_seconds()
            if now - before > IDLE_SHARE:
                last_busy = time.monotonic()
            before = now
            if time.monotonic() - last_busy >= IDLE_SECONDS:
                return last_busy - started
        return seconds

    def _processor_seconds(self) -> float:
        total = 0.0
        for process in self.processes():
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def stop(self) -> None:
        """Asks it to end, and kills what is left of it. Called again at the end of this process."""
        if self._output.closed:
            return
        family = self.processes()
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        for process in psutil.wait_procs(family, timeout=5)[1]:
            with suppress(psutil.Error):
                process.kill()
        self._process.wait()
        self._output.close()


def own_megabytes() -> float:
    """The proportional set size of this process."""
    return float(psutil.Process().memory_full_info().pss / 1e6)


def _megabytes(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss / 1e6)
    except psutil.Error:
        return 0.0  # it has ended meanwhile


class JsonClient:
    """Requests to one server; each thread has a connection of its own that stays open while it is in use."""

    def __init__(self, port: int, *, timeout: float = 60, kept_seconds: float = KEPT_SECONDS) -> None:
        self._port, self._timeout, self._kept_seconds = port, timeout, kept_seconds
        self._local = threading.local()

    def get(self, path: str) -> Any:
        return self._request("GET", path, None)

    def post(self, path: str, data: Any) -> Any:
        return self._request("POST", path, json.dumps(data).encode())

    def answers(self, path: str) -> bool:
        try:
            self.get(path)
        except (OSError, RuntimeError, http.client.HTTPException):
            return False
        return True

    def _request(self, method: str, path: str, body: bytes | None) -> Any:
        connection = self._connection()
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        self._local.used_at = time.monotonic()
        if response.status != 200:
            raise RuntimeError(f"{method} {path.partition('?')[0]} answered {response.status}: {content[:200]!r}")
        return json.loads(content)

    def close(self) -> None:
        """Closes this thread's connection."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        """This thread's; it opens anew when it was idle."""
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout)
            self._local.used_at = time.monotonic()
        connection: http.client.HTTPConnection = self._local.connection
        if time.monotonic() - self._local.used_at > self._kept_seconds:
            connection.close()
        return connection
