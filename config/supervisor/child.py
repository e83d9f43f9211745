"""One process of the set: its command, its output line by line, its end with all that it started."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Print = Callable[[str, str], None]  # name of the process, line

RESTARTS = 5  # in RESTARTS_WITHIN seconds: more often, and something is wrong that a restart does not heal
RESTARTS_WITHIN = 60.0


class Child:
    """A process in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone."""

    def __init__(
        self, name: str, command: str, *, may_restart: bool, directory: Path, show: Print, niceness: int = 0
    ) -> None:
        self.name = name
        self._niceness = niceness
        self.may_restart = may_restart
        self._command = shlex.split(command)
        self._directory = directory
        self._show = show
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._starts: list[float] = []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Has to be called from the main thread: Linux ends the child with the thread that started it."""
        self._starts.append(time.monotonic())
        self._process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor.lifeline", str(os.getpid()), str(self._niceness), *self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=self._directory,
            env=self._environment(),
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output-of-{self.name}", daemon=True)
        self._reader.start()

    def _environment(self) -> dict[str, str]:
        """With this interpreter's programs first, and Celery told to finish what it does for seconds, not minutes."""
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        return {
            **os.environ,
            "PATH": programs,
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",  # threads of a model would each keep memory of their own
            "REMAP_SIGTERM": "SIGQUIT",
            # It warns of pickled messages; ours are JSON, and nothing else is accepted.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        }

    def _read(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._show(self.name, line.rstrip("\n"))

    def exit_status(self) -> int | None:
        """None while it runs or has not been started."""
        return self._process.poll() if self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def has_died_too_often(self) -> bool:
        since = time.monotonic() - RESTARTS_WITHIN
        return sum(start > since for start in self._starts) > RESTARTS

    def terminate(self) -> None:
        if self.is_running():
            self._send(signal.SIGTERM)

    def end(self) -> None:
        """Kills it and whatever it started that is still there, and reads its last lines."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        if self._reader:
            self._reader.join(timeout=2)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
