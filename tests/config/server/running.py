"""A real server in a process of its own, in front of a small application that a test can make slow."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

APPLICATION = """
import os, time
from pathlib import Path

worker_class = "config.server.worker.BufferingWorker"
bind, threads, workers, graceful_timeout = f"127.0.0.1:{os.environ['TEST_PORT']}", 2, 1, 5
loglevel, control_socket_disable = "warning", True

def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if environ["PATH_INFO"] == "/slow":
        time.sleep(float(environ["QUERY_STRING"]))
    answer = b"%d %d" % (len(environ["QUERY_STRING"]), len(body))
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
"""


class Running:
    """The server; `ask` sends bytes over a connection of its own and reads until the server closes it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        (folder / "small_application.py").write_text(APPLICATION)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:small_application", "small_application"],
            cwd=ROOT,
            env={**environment, "TEST_PORT": str(self.port), "PYTHONPATH": f"{folder}:{ROOT}"},
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.ask(b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200"):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("The server did not start")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, request: bytes) -> bytes:
        with self.connect() as client:
            client.sendall(request)
            return read(client)

    def get(self, path: str) -> bytes:
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def read(client: socket.socket) -> bytes:
    """Until the server closes the connection."""
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)
