"""PostgreSQL from the wheel: starting it, knowing whether it runs, stopping it."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

from config.embedded import account as accounts
from config.embedded import cluster
from config.embedded.layout import EmbeddedServiceError, Layout
from config.embedded.processes import end_processes, processes_in

START_TIMEOUT = 170  # seconds: recovery after a crash replays at most max_wal_size
LONGEST_LOG = 10_000_000  # bytes

# Fast shutdown writes a checkpoint; immediate does not, and costs a recovery at the next start, but no data.
PATIENCE = [(signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0)]


def ensure_running(layout: Layout) -> None:
    """Returns when the server takes connections and holds Akin's database. Needs the start lock."""
    _wait_while_changing(layout)
    has_started = not is_running(layout)
    if has_started:
        start(layout)
    if has_started or not layout.bootstrapped.exists():
        cluster.bootstrap(layout, accounts.service_account())


def is_running(layout: Layout) -> bool:
    return _status(layout) == "ready" and _accepts(layout.postgres_socket)


def stop(layout: Layout) -> None:
    """Ends the server and, when it was killed, the children it left behind."""
    # One whose folder has been deleted has nothing left to write.
    end_processes(layout.postgres, "postgres", patience=PATIENCE if layout.postgres.exists() else [])


def _status(layout: Layout) -> str:
    """The last line of postmaster.pid: starting, ready, stopping; empty when there is none."""
    try:
        lines = (layout.postgres / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return ""
    return lines[7].strip() if len(lines) > 7 else ""


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _wait_while_changing(layout: Layout) -> None:
    """A server that is coming up or going down is left to finish."""
    deadline = time.monotonic() + START_TIMEOUT
    while _accepts(layout.postgres_socket) and _status(layout) != "ready" and time.monotonic() < deadline:
        time.sleep(0.02)


def start(layout: Layout) -> None:
    """Returns when the server takes connections, which may be read-only while it replays WAL. Needs the start lock."""
    account = accounts.service_account()
    stop(layout)
    accounts.private_folder(layout.sockets, account)
    accounts.make_reachable([cluster.binaries() / "postgres", layout.postgres, layout.postgres_socket], account)
    cluster.ensure_cluster(layout, account)
    _forget_the_dead(layout)
    _shorten(layout.postgres_log)
    command: list[str | Path] = [cluster.binaries() / "pg_ctl", "start", "-w", "-t", str(START_TIMEOUT), "-s"]
    command += ["-D", layout.postgres, "-l", layout.postgres_log]
    try:
        result = accounts.run_as(account, command, timeout=START_TIMEOUT + 5)
    except subprocess.TimeoutExpired:
        raise EmbeddedServiceError(failure(layout, f"no answer within {START_TIMEOUT} s")) from None
    if result.returncode or not is_running(layout):
        raise EmbeddedServiceError(failure(layout, result.stdout.strip()))


def _forget_the_dead(layout: Layout) -> None:
    """Removes the lock files of a killed server: their number may by now be another process's, or still a zombie's."""
    if not processes_in(layout.postgres, "postgres"):
        for path in (layout.postgres / "postmaster.pid", layout.postgres_socket_lock):
            path.unlink(missing_ok=True)


def _shorten(log: Path) -> None:
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


def failure(layout: Layout, reason: str) -> str:
    """For people: the reason and the end of the server's log."""
    try:
        tail = "\n".join(layout.postgres_log.read_text(errors="replace").splitlines()[-15:])
    except OSError:
        tail = "(no log)"
    return f"The embedded PostgreSQL did not start: {reason}\nThe end of {layout.postgres_log}:\n{tail}"
