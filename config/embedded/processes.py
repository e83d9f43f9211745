"""Finding and ending the processes of a server by the folder they work in, which no stale pid file can get wrong."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


def processes_in(folder: Path, name: str) -> list[psutil.Process]:
    """The living processes called `name` that work in the folder, also when it has been deleted since."""
    import psutil

    wanted = {str(folder), f"{folder} (deleted)"}
    found = []
    for process in psutil.process_iter(["name", "status"]):
        if process.info["name"] == name and process.info["status"] != psutil.STATUS_ZOMBIE:
            with suppress(psutil.Error, OSError):
                if process.cwd() in wanted:
                    found.append(process)
    return found


def end_processes(folder: Path, name: str, *, patience: list[tuple[signal.Signals, float]]) -> None:
    """Sends each signal in turn to the server itself, giving it those seconds; then kills all that is left."""
    import psutil

    for number, seconds in patience:
        running = processes_in(folder, name)
        leaders = [process for process in running if _is_leader(process, name)]
        if not leaders:
            break
        for leader in leaders:
            with suppress(psutil.Error):
                leader.send_signal(number)
        _wait_until_dead(running, seconds)
    leftover = processes_in(folder, name)
    for process in leftover:
        with suppress(psutil.Error):
            process.kill()
    _wait_until_dead(leftover, 5)


def _is_leader(process: psutil.Process, name: str) -> bool:
    """PostgreSQL's children call themselves `postgres: what they do`; when only those are left, they are orphans."""
    import psutil

    try:
        return not process.cmdline()[0].startswith(f"{name}: ")
    except (psutil.Error, IndexError):
        return False


def _wait_until_dead(processes: list[psutil.Process], seconds: float) -> None:
    """A zombie is dead: who has to collect it may take its time."""
    deadline = time.monotonic() + seconds
    while any(is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.01)


def is_alive(process: psutil.Process) -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
