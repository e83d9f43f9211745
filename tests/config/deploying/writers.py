"""People who write, read what they wrote, and search, all the while something breaks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from itertools import pairwise

import httpx

WRITERS = 4


class Writers:
    """Each puts one item after the other, whatever it is told, and remembers what was acknowledged and when.

    What was acknowledged is read at once, and searched for by its identifier: an answer that lacks it, or has another
    text, is `wrong`.
    """

    def __init__(self, collection: str, key: str) -> None:
        self.acknowledged: list[tuple[float, str]] = []
        self.wrong: list[str] = []
        self.statuses: Counter[int] = Counter()
        self._collection, self._key = collection, key
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def longest_gap(self) -> float:
        """Seconds without an acknowledged write."""
        times = sorted(at for at, _ in self.acknowledged)
        return max(later - earlier for earlier, later in pairwise(times))

    def _write(self, number: int) -> None:
        written = 0
        with httpx.Client(headers={"Authorization": f"Bearer {self._key}"}, timeout=10) as client:
            while not self._ends.is_set():
                try:
                    self._write_one(client, f"w{number}-{written}", f"tent {written}")
                except httpx.HTTPError:
                    time.sleep(0.05)
                written += 1

    def _write_one(self, client: httpx.Client, external_id: str, title: str) -> None:
        path = f"{self._collection}/items/{external_id}"
        answer = self._noted(client.put(path, json={"title": title}))
        if answer.status_code != 201:
            time.sleep(0.1)
            return
        self.acknowledged.append((time.monotonic(), external_id))
        read = self._noted(client.get(path))
        if read.status_code == 404 or (read.status_code == 200 and read.json()["title"] != title):
            self.wrong.append(f"{external_id} is read as {read.text}")
        found = self._noted(client.get(f"{self._collection}/search", params={"q": external_id, "limit": 1}))
        if found.status_code == 200 and [hit["external_id"] for hit in found.json()["hits"]] != [external_id]:
            self.wrong.append(f"{external_id} is found as {found.text}")

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        self.statuses[answer.status_code] += 1
        return answer
