"""A server that answers like OpenAI's /v1/embeddings, or misbehaves as a test asks it to."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

DIMENSIONS = 8


class Endpoint:
    """Answers as `script` says: a status, a status with headers, or seconds to be late; then always 200."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.script: list[Any] = []
        self.poison = ""
        self.dimensions = DIMENSIONS
        self.open()

    def open(self, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.requests.append(body)
                endpoint.keys.append(self.headers["Authorization"])
                status, headers, answer = endpoint.answer(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        step = self.script.pop(0) if self.script else 200
        if isinstance(step, float):
            time.sleep(step)
            step = 200
        status, headers = step if isinstance(step, tuple) else (step, {})
        if self.poison and any(self.poison in text for text in body["input"]):
            status = 400
        rows = [{"index": n, "embedding": self.vector(text)} for n, text in enumerate(body["input"])]
        return status, headers, json.dumps({"data": rows[::-1]} if status == 200 else {"error": "no"}).encode()

    def vector(self, text: str) -> list[float]:
        found: list[float] = np.linspace(len(text), 1, self.dimensions).tolist()
        return found
