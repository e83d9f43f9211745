"""What people and programs do at the same time: they search, page, read, add, check and import."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gevent.lock import BoundedSemaphore
from locust import FastHttpUser, constant_throughput, task

from benchmarks.load.figures import Seen

PATIENCE = 30  # seconds


@dataclass
class Material:
    """What is asked for, taken from the collection itself."""

    slug: str
    key: str
    titles: list[str]
    ids: list[str]
    filters: list[str]
    random: random.Random

    def query(self) -> str:
        words = [word for word in self.random.choice(self.titles).split() if word.isalnum()] or ["blue"]
        start = self.random.randrange(len(words))
        return " ".join([*words[start : start + 3], self.random.choice(self.random.choice(self.titles).split())])


class Person(FastHttpUser):
    """Of a hundred requests 78 ask, 10 write, 2 import twenty items, and 10 check before they would add."""

    abstract = True
    network_timeout = connection_timeout = PATIENCE
    material: Material
    seen: list[Seen]
    writing = BoundedSemaphore()
    written = 0

    @task(48)
    def search(self) -> None:
        self._ask("search", f"search?q={self.material.query()}&limit=10")

    @task(14)
    def filtered(self) -> None:
        chosen = self.material.random.choice(self.material.filters or [""])
        self._ask("search with facets", f"search?q={self.material.query()}&{chosen}")

    @task(8)
    def page(self) -> None:
        self._send("page", lambda: self.client.get(f"/c/{self.material.slug}/", params={"q": self.material.query()}))

    @task(8)
    def related(self) -> None:
        self._ask("related", f"items/{self.material.random.choice(self.material.ids)}/related?limit=5")

    @task(10)
    def check(self) -> None:
        item = {"title": self.material.query(), "body": " ".join(self.material.query() for _ in range(5))}
        self._send("check", lambda: self.client.post(self._path("duplicates/check"), json=item))

    @task(10)
    def write(self) -> None:
        item = {"title": self.material.query(), "body": " ".join(self.material.query() for _ in range(8))}
        path = self._path(f"items/load-{self._number() % 5_000}")
        self._send("write", lambda: self.client.put(path, json=item, headers=self._key()))

    @task(2)
    def import_items(self) -> None:
        items = [{"external_id": f"load-{self._number() % 5_000}", "title": self.material.query()} for _ in range(20)]
        self._send("import", lambda: self.client.post(self._path("items/bulk"), json=items, headers=self._key()))

    def _ask(self, name: str, path: str) -> None:
        self._send(name, lambda: self.client.get(self._path(path)))

    def _send(self, name: str, send: Callable[[], Any]) -> None:
        started = time.perf_counter()
        response = send()
        taken = (time.perf_counter() - started) * 1_000
        says_when = bool((response.headers or {}).get("Retry-After"))
        self.seen.append(Seen(time.time(), name, int(response.status_code or 0), taken, says_when))

    def _path(self, rest: str) -> str:
        return f"/api/v1/collections/{self.material.slug}/{rest}"

    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.material.key}"}

    @classmethod
    def _number(cls) -> int:
        with cls.writing:
            Person.written += 1
            return Person.written


def people(material: Material, seen: list[Seen], per_second: float) -> type[Person]:
    """A class of people who each begin so many requests a second, however quick those before were; 0 is no pause."""
    members: dict[str, Any] = {"material": material, "seen": seen}
    if per_second:
        members["wait_time"] = constant_throughput(per_second)
    return type("Crowd", (Person,), members)
