"""Searches a running server beside clients that stall, then with more clients than it can answer.

`python -m benchmarks.stalled http://127.0.0.1:8000 [--stalled 500] [--seconds 10]` prints one JSON object. Servers are
compared in front of `benchmarks.sleeper`, with `--path /`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

SEARCH = "/api/v1/collections/demo/search?q=tent+for+winter+{}"
BEGINNINGS = (
    b"",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /api/v1/collections/demo/recommend HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
)
DRIPS = (b"", b"X-A: b\r\n", b"{")


class Server:
    """Where requests go."""

    def __init__(self, url: str) -> None:
        self.host, self.port = urlsplit(url).hostname or "127.0.0.1", urlsplit(url).port or 80

    async def get(self, path: str, *, patience: float) -> tuple[str, float]:
        """Status, or what went wrong, and seconds."""
        started = time.perf_counter()
        try:
            status = await asyncio.wait_for(self._get(path), patience)
        except TimeoutError:
            status = "timeout"
        except (OSError, IndexError):
            status = "refused"
        return status, time.perf_counter() - started

    async def _get(self, path: str) -> str:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            return answer.split(b" ", 2)[1].decode()
        finally:
            writer.close()

    async def stall(self, kind: int) -> None:
        """Keeps one stalled connection open; opens it again when the server closes it."""
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(self.host, self.port)
                try:
                    writer.write(BEGINNINGS[kind])
                    while not reader.at_eof():
                        writer.write(DRIPS[kind])
                        with suppress(TimeoutError):
                            await asyncio.wait_for(reader.read(1024), 1.0)
                finally:
                    writer.close()
            await asyncio.sleep(0.1)


async def probe(server: Server, path: str, seconds: float) -> dict[str, object]:
    """One request after the other, for that long."""
    statuses: Counter[str] = Counter()
    times = []
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        status, took = await server.get(path.format(number % 50), patience=5)
        statuses[status] += 1
        times.append(took * 1000)
        number += 1
    return _figures(statuses, times)


async def crowd(server: Server, path: str, clients: int, seconds: float) -> dict[str, object]:
    """That many clients, each searching without a pause."""
    found = await asyncio.gather(*(probe(server, path, seconds) for _ in range(clients)))
    statuses: Counter[str] = Counter()
    for one in found:
        statuses.update(one["statuses"])  # type: ignore[call-overload]
    return {"statuses": dict(statuses), "p95_ms": max(float(str(one["p95_ms"])) for one in found)}


def _figures(statuses: Counter[str], times: list[float]) -> dict[str, object]:
    ranked = sorted(times)
    return {
        "statuses": dict(statuses),
        "p50_ms": round(statistics.median(ranked), 1),
        "p95_ms": round(ranked[int(len(ranked) * 0.95)], 1),
    }


async def measure(server: Server, path: str, *, stalled: int, clients: int, seconds: float) -> dict[str, object]:
    await probe(server, path, 2)
    result: dict[str, object] = {"alone": await probe(server, path, seconds)}
    stalls = [asyncio.create_task(server.stall(number % 3)) for number in range(stalled)]
    await asyncio.sleep(2)
    search, health = await asyncio.gather(probe(server, path, seconds), probe(server, "/healthz", seconds))
    result |= {"stalled": stalled, "search_beside_stalled": search, "health_beside_stalled": health}
    for stall in stalls:
        stall.cancel()
    await asyncio.gather(*stalls, return_exceptions=True)
    await asyncio.sleep(2)
    searches, health = await asyncio.gather(crowd(server, path, clients, seconds), probe(server, "/healthz", seconds))
    return result | {"clients": clients, "search_in_crowd": searches, "health_in_crowd": health}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--path", default=SEARCH, help="what is asked for")
    parser.add_argument("--stalled", type=int, default=500)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    figures = measure(
        Server(options.url), options.path, stalled=options.stalled, clients=options.clients, seconds=options.seconds
    )
    print(json.dumps(asyncio.run(figures), indent=1))


if __name__ == "__main__":
    main()
