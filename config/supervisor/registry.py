"""One supervisor per data directory, which notes its children so that its successor can end them if it cannot."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from config.embedded.processes import is_alive

GRACE = 6.0  # seconds for leftovers to finish


class AlreadyRunning(Exception):
    """Another supervisor runs on this data directory."""


class Registry:
    """Held while a supervisor runs: `with Registry(data_dir): ...`. Raises AlreadyRunning."""

    def __init__(self, data_dir: Path) -> None:
        self._lock_path = data_dir / "supervisor.lock"
        self._path = data_dir / "supervisor.children"
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            number = os.pread(self._descriptor, 20, 0).decode().strip() or "unknown"
            os.close(self._descriptor)
            raise AlreadyRunning(f"Akin runs already on {self._lock_path.parent}, as process {number}.") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        self._end_leftovers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def note(self, pids: Iterable[int]) -> None:
        """Remembers the children, each with its start, because a number alone may be used again."""
        lines = []
        for pid in pids:
            with suppress(psutil.NoSuchProcess):
                lines.append(f"{pid} {psutil.Process(pid).create_time()}\n")
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(lines))
        fresh.replace(self._path)

    def _end_leftovers(self) -> None:
        leftovers = self._leftovers()
        for number, grace in ((signal.SIGTERM, GRACE), (signal.SIGKILL, 2.0)):
            for process in leftovers:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, number)  # each leads a group of its own
            deadline = time.monotonic() + grace
            while any(is_alive(process) for process in leftovers) and time.monotonic() < deadline:
                time.sleep(0.05)

    def _leftovers(self) -> list[psutil.Process]:
        found = []
        with suppress(FileNotFoundError):
            for line in self._path.read_text().splitlines():
                pid, started = line.split()
                with suppress(psutil.NoSuchProcess):
                    process = psutil.Process(int(pid))
                    if abs(process.create_time() - float(started)) < 0.1 and is_alive(process):
                        found.append(process)
        return found
