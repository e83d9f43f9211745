"""Asks the running web server, from outside, whether a person who opens it now can search."""

from __future__ import annotations

import http.client
import json
from typing import Any

from django.conf import settings

DEMO_STATUS = "/api/v1/collections/demo/status"
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not bound


def local_address() -> str:
    """The host that reaches the server from this machine."""
    return EVERY_ADDRESS.get(settings.HOST, settings.HOST)


def url() -> str:
    host = local_address()
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"


def is_searchable(*, with_demo: bool) -> bool:
    """Whether database, Redis and encoder are up and, if asked for, every demo item is embedded."""
    ready = _get("/readyz")
    if ready is None or ready["status"] != "ready" or ready["encoder"]["state"] != "loaded":
        return False
    if not with_demo:
        return True
    demo = _get(DEMO_STATUS)
    return demo is not None and demo["states"]["pending"] + demo["states"]["claimed"] == 0


def _get(path: str) -> Any:
    """The parsed answer; None when it is not 200."""
    connection = http.client.HTTPConnection(local_address(), settings.PORT, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": _allowed_host(), "X-Forwarded-Proto": "https"})
        response = connection.getresponse()
        body = response.read()
        return json.loads(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _allowed_host() -> str:
    """A name that the server answers to, whatever ALLOWED_HOSTS is."""
    first = (settings.ALLOWED_HOSTS or ["localhost"])[0]
    return "localhost" if first == "*" else first.removeprefix(".")
