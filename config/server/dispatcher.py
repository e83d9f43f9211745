"""The threads that answer, and who waits for one: what changes something goes before what only asks."""

from __future__ import annotations

import time
from typing import Protocol

from waitress.task import ThreadedTaskDispatcher

# Read by POST, because a question may be longer than an address.
ASKED_BY_POST = ("/search", "/passages", "/recommend", "/suggest", "/duplicates/check", "/ask", "/add/check")
ASKING = frozenset({"GET", "HEAD", "OPTIONS"})
PATIENCE = 1.0  # seconds that the first of those who wait has waited, from when on others are better told to come back


class Task(Protocol):
    """What a thread does: all of one request."""

    is_writing: bool
    waiting_since: float

    def service(self) -> None: ...

    def cancel(self) -> None: ...


def is_writing(method: str, path: str) -> bool:
    """Whether the request changes something, so that its sender waits for more than an answer."""
    return method not in ASKING and not (method == "POST" and path.endswith(ASKED_BY_POST))


class Dispatcher(ThreadedTaskDispatcher):
    """Its queue has the writing tasks before the others, each kind in the order of arrival.

    A task that does not write is taken while fewer than `room` wait and none of its kind does so for long, one that
    writes while fewer than twice as many wait: under overload reads are refused, and writes only when these alone are
    too many.
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def take(self, task: Task) -> bool:
        """Whether there is room; if so, a thread will do it."""
        task.waiting_since = time.monotonic()
        with self.lock:
            first_read = next((n for n, one in enumerate(self.queue) if not one.is_writing), len(self.queue))
            if not self._has_room(task, first_read):
                return False
            self.queue.insert(first_read if task.is_writing else len(self.queue), task)
            self.queue_cv.notify()
        return True

    def _has_room(self, task: Task, first_read: int) -> bool:
        room: int = len(self.threads) - self.active_count - len(self.queue)
        if task.is_writing:
            return room + 2 * self._room > 0
        since: float = self.queue[first_read].waiting_since if first_read < len(self.queue) else float("inf")
        return room + self._room > 0 and time.monotonic() - since <= PATIENCE
