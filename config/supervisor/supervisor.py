"""The loop that keeps the set of processes running until it is told to stop or one of them fails."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence

from config.supervisor.child import Child, Print
from config.supervisor.registry import Registry
from config.supervisor.signals import Signals

GRACE = 8.0  # seconds to finish what is being done, before processes are killed
POLL_SECONDS = 0.1
SYSTEM = "akin"


class Supervisor:
    """Runs the children. `is_ready` is asked until it says yes, then `on_ready` is called once.

    `trouble` is asked every few seconds and names a reason to stop, or nothing.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        registry: Registry,
        show: Print,
        is_ready: Callable[[], bool],
        on_ready: Callable[[], None],
        trouble: Callable[[], str],
    ) -> None:
        self._children = children
        self._registry = registry
        self._show = show
        self._is_ready = is_ready
        self._on_ready = on_ready
        self._trouble = trouble
        self._signals = Signals()
        self._failure = ""

    def run(self) -> int:
        """The exit status: 0 when it was told to stop, 1 when something failed."""
        self._signals.listen()
        try:
            for child in self._children:
                child.start()
            self._registry.note(child.pid for child in self._children)
            threading.Thread(target=self._announce, name="readiness", daemon=True).start()
            self._watch()
        finally:
            self._stop()
        return 1 if self._failure else 0

    def _announce(self) -> None:
        """Off the main thread, so that a server that hangs does not keep anybody from stopping it."""
        while not self._is_ready():
            time.sleep(POLL_SECONDS)
        if not self._signals.has_come and not self._failure:
            self._on_ready()

    def _watch(self) -> None:
        asked = time.monotonic()
        while not self._signals.has_come and not self._failure:
            for child in self._children:
                self._see_to(child)
            if time.monotonic() - asked > 2.0:
                asked = time.monotonic()
                self._failure = self._failure or self._trouble()
            time.sleep(POLL_SECONDS)

    def _see_to(self, child: Child) -> None:
        status = child.exit_status()
        if status is None or self._signals.has_come:
            return
        reason = f"{child.name} ended unexpectedly ({_described(status)})"
        child.end()
        if not child.may_restart:
            self._failure = reason
        elif child.has_died_too_often():
            self._failure = f"{reason}, again and again"
        else:
            self._show(SYSTEM, f"{reason}; starting it again")
            child.start()
            self._registry.note(one.pid for one in self._children)

    def _stop(self) -> None:
        """Asks, waits, kills. A second signal ends the waiting; a second Ctrl-C also when both came before this."""
        before = self._signals.count()  # before it is said, because somebody may answer that with the second one
        self._show(SYSTEM, f"{self._failure}; stopping" if self._failure else "stopping")
        for child in self._children:
            child.terminate()
        deadline = time.monotonic() + GRACE
        while any(child.is_running() for child in self._children):
            has_come_again = self._signals.count() > before or self._signals.count(signal.SIGINT) > 1
            if has_come_again or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        for child in self._children:
            child.end()


def _described(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
