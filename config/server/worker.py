"""gunicorn's worker class: one process, its listening sockets, its threads."""

from __future__ import annotations

import os
import time
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments

from config.server import limits
from config.server.dispatcher import Dispatcher
from config.server.front import ADJUSTMENTS, Front

POLL_SECONDS = 0.25


class BufferingWorker(Worker):
    """Reads requests in one thread and has `threads` others answer those that have arrived whole."""

    def run(self) -> None:
        dispatcher = Dispatcher(settings.WEB_QUEUE)
        dispatcher.set_thread_count(self.cfg.threads)
        connections: dict[int, Any] = {}
        fronts = [self._front(listener.sock, connections, dispatcher) for listener in self.sockets]
        while self.alive:
            self.notify()
            if os.getppid() != self.ppid:
                self.log.info("The parent has gone; ending")
                break
            wasyncore.loop(timeout=POLL_SECONDS, map=connections, use_poll=True, count=1)
        self._finish(fronts, connections)

    def _front(self, listener: Any, connections: dict[int, Any], dispatcher: Dispatcher) -> Front:
        sockinfo = (listener.family, listener.type, listener.proto, listener.getsockname())
        return Front(
            self.wsgi,
            connections,
            _sock=listener,
            dispatcher=dispatcher,
            adj=Adjustments(threads=self.cfg.threads, **ADJUSTMENTS),
            sockinfo=sockinfo,
            bind_socket=False,
            most_connections=limits.connections(),
        )

    def _finish(self, fronts: list[Front], connections: dict[int, Any]) -> None:
        """What has arrived is answered, within the graceful time-out."""
        for front in fronts:
            front.stop_accepting()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while any(front.is_busy() for front in fronts) and time.monotonic() < deadline:
            self.notify()
            wasyncore.loop(timeout=0.05, map=connections, use_poll=True, count=1)
        for front in fronts:
            front.end()
