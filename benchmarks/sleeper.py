"""A WSGI application that takes 20 ms and no processor for each answer, to compare web servers by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

HEALTH = "/healthz"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Health answers at once."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if environ["PATH_INFO"] != HEALTH:
        time.sleep(0.02)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
