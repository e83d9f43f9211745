"""A worker as a process of its own, for tests that kill it: embeds until SIGTERM, and outlives its database.

Writes what it encodes, and when, into the file that ENCODED names.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import django
from django.db import Error, connection

stops: list[int] = []


def note_what_is_encoded(path: Path) -> None:
    from search.embedding.encoders.fake import FakeEncoder
    from search.embedding.encoders.port import Vectors

    encode = FakeEncoder.encode_documents

    def noting(self: FakeEncoder, texts: Sequence[str]) -> Vectors:
        started = time.time()
        vectors = encode(self, texts)
        with path.open("a") as file:
            line = {"worker": os.getpid(), "started": started, "ended": time.time(), "texts": list(texts)}
            file.write(json.dumps(line) + "\n")
        return vectors

    FakeEncoder.encode_documents = noting  # type: ignore[method-assign]


def main() -> None:
    django.setup()
    from search.embedding.queue import pipeline, sweep

    note_what_is_encoded(Path(os.environ["ENCODED"]))
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
