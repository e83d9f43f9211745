"""Watches the embedded services and starts again what was killed, as the kernel does when memory is short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType

from config.embedded import lease
from config.embedded.layout import EmbeddedServiceError, Layout

LOOK_EVERY = 0.5  # seconds
LONGEST_PAUSE = 30.0  # between attempts at a service that does not start

Say = Callable[[str], None]


class Keeper:
    """Keeps the services of a member running; `is_member` says whether it still is one. Runs in a thread."""

    def __init__(
        self, data_dir: Path, services: Collection[tuple[str, ModuleType]], *, is_member: Callable[[], bool], say: Say
    ) -> None:
        self._layout = Layout(data_dir)
        self._services = services
        self._is_member = is_member
        self._say = say
        self._pause = LOOK_EVERY

    def start(self) -> None:
        threading.Thread(target=self._run, name="keeper", daemon=True).start()

    def _run(self) -> None:
        while self._is_member():
            self._pause = LOOK_EVERY if self._look() else min(self._pause * 2, LONGEST_PAUSE)
            time.sleep(self._pause)

    def _look(self) -> bool:
        """Whether all run, after starting what did not."""
        for name, service in self._services:
            if service.is_running(self._layout):
                continue
            try:
                if self._start(service):
                    self._say(f"the embedded {name} had ended unexpectedly; it runs again")
            except (EmbeddedServiceError, OSError) as error:
                self._say(f"the embedded {name} ended unexpectedly and does not start: {error}")
                return False
        return True

    def _start(self, service: ModuleType) -> bool:
        """False when somebody else has started it meanwhile, or this process has left."""
        with lease.starting_or_stopping(self._layout):
            if not self._is_member() or service.is_running(self._layout):
                return False
            service.ensure_running(self._layout)
            return True
