"""What a person does first with a new Akin and its demo catalog: looks, searches, puts an item, finds it by meaning.

`python3 first_journey.py https://localhost:8443 KEY` asks from outside, with nothing but Python's own library.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import urllib.request
from typing import Any

DEMO = "/api/v1/collections/demo"
BAG = {"title": "Sleeping bag Polar 400", "body": "Goose down, for camping in winter at minus twenty degrees."}
PATIENCE = 300  # seconds for the demo to be embedded


class Caller:
    """Asks a server whose certificate is its own."""

    def __init__(self, root: str, key: str) -> None:
        self._root, self._key = root, key
        self._trust = ssl.create_default_context()
        self._trust.check_hostname, self._trust.verify_mode = False, ssl.CERT_NONE

    def text(self, method: str, path: str, body: Any = None) -> str:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._root}{path}", data, headers, method=method)  # noqa: S310 - https
        with urllib.request.urlopen(request, timeout=60, context=self._trust) as response:  # noqa: S310
            said: str = response.read().decode()
            return said

    def json(self, method: str, path: str, body: Any = None) -> Any:
        return json.loads(self.text(method, path, body) or "null")


def wait_until_embedded(caller: Caller) -> int:
    """How many items there are, once all can be found by meaning."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = caller.json("GET", f"{DEMO}/status")
        if status["items"] and status["states"]["embedded"] == status["items"]:
            return int(status["items"])
        time.sleep(1)
    raise SystemExit(f"Not embedded after {PATIENCE} s: {status}")


def travel(caller: Caller) -> None:
    print("ready:", caller.json("GET", "/readyz")["status"])
    print("demo items, all embedded:", wait_until_embedded(caller))
    assert "lamp" in caller.text("GET", "/c/demo/?q=lamp").lower()
    caller.json("PUT", f"{DEMO}/items/of-a-try", BAG)
    wait_until_embedded(caller)
    found = caller.json("GET", f"{DEMO}/search?q=warm+bedding+for+cold+nights+outdoors&mode=semantic")
    assert not found["degraded"]
    places = [hit["external_id"] for hit in found["hits"]]
    print("found by meaning at place:", places.index("of-a-try") + 1)
    checked = caller.json("POST", f"{DEMO}/duplicates/check", BAG)["duplicates"]
    assert checked[0]["item"]["external_id"] == "of-a-try"
    print("the same thing again is recognised, score:", checked[0]["score"])
    caller.text("DELETE", f"{DEMO}/items/of-a-try")
    assert wait_until_embedded(caller)


if __name__ == "__main__":
    travel(Caller(*sys.argv[1:]))
