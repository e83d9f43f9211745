"""A worker as a process of its own, for tests that kill it: embeds until SIGTERM, and outlives its database."""

from __future__ import annotations

import signal
import time

import django
from django.db import Error, connection

stops: list[int] = []


def main() -> None:
    django.setup()
    from search.embedding import pipeline, sweep

    signal.signal(signal.SIGTERM, lambda number, frame: stops.append(number))
    print("ready", flush=True)
    while not stops:
        try:
            sweep.release_expired()
            pipeline.drain(seconds=2, should_stop=lambda: bool(stops))
        except Error:
            connection.close()
        time.sleep(0.05)


if __name__ == "__main__":
    main()
