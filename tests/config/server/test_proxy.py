"""The Caddyfile of the compose file, in a real Caddy in front of a real server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.config.server.running import ROOT, Running, read

CADDYFILE = ROOT / "Caddyfile"
STALLED = 200

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(shutil.which("caddy") is None, reason="No Caddy in PATH. On Debian: apt-get install caddy"),
]


def test_the_file_of_the_repository_is_valid(tmp_path: Path) -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def environment(folder: Path, domain: str = "localhost") -> dict[str, str]:
    return {**os.environ, "DOMAIN": domain, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of Caddy, without HTTPS and its interface for administration, in front of a small application."""
    server = Running(tmp_path, {**os.environ})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    text = CADDYFILE.read_text()
    assert "reverse_proxy web:8000" in text
    written = tmp_path / "Caddyfile"
    written.write_text(text.replace("{\n", "{\n\tadmin off\n", 1).replace("web:8000", f"127.0.0.1:{server.port}"))
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(written)]
    caddy = subprocess.Popen(
        command, env=environment(tmp_path, f"http://127.0.0.1:{port}"), stderr=subprocess.DEVNULL, cwd=tmp_path
    )
    try:
        wait_for(port)
        yield port
    finally:
        caddy.terminate()
        caddy.wait(timeout=20)
        server.end()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            return connect(port).close()
        except OSError:
            assert time.monotonic() < deadline, "Caddy did not start"
            time.sleep(0.1)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def ask(port: int, path: str) -> bytes:
    with connect(port) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        return read(client)


def test_stalled_connections_keep_nobody_waiting_and_are_closed(port: int) -> None:
    with ExitStack() as stalled:
        clients = [stalled.enter_context(connect(port)) for _ in range(STALLED)]
        for number, client in enumerate(clients):
            client.sendall((b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\n", b"G")[number % 3])
        started = time.monotonic()
        assert ask(port, "/slow?0").startswith(b"HTTP/1.1 200")
        assert time.monotonic() - started < 5
        assert all(b" 200 " not in read(client)[:20] for client in clients)
        assert time.monotonic() - started < 25


def test_metrics_stay_inside(port: int) -> None:
    assert ask(port, "/metrics").startswith(b"HTTP/1.1 404")
