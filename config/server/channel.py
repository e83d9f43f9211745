"""One connection: reads requests, is told to answer without a thread, and ends when its client stalls."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from config.server.limits import DRAIN_SECONDS, IDLE_SECONDS, SEND_SECONDS
from config.server.parsing import Parser
from config.server.refusals import Refusal
from config.watching.measuring import meters


class RefusalTask(ErrorTask):
    """What a thread answers when the application failed in a way that it did not catch."""

    def execute(self) -> None:
        answer = Refusal(500).to_bytes(getattr(self.request, "first_line", b""))
        self.wrote_header = True
        self.set_close_on_finish()
        self.channel.write_soon(answer)


class Channel(HTTPChannel):
    """A client's connection."""

    parser_class = Parser
    error_task_class = RefusalTask
    request: Parser | None
    requests: list[Parser]
    is_writing = False  # what it asks for next
    waiting_since = 0.0  # for a thread
    is_refused = False
    draining_since = 0.0

    def refuse(self, refusal: Refusal, first_line: bytes) -> None:
        """Answers and closes. Called where no request of this connection is with a thread."""
        meters.REFUSED.labels(str(refusal.status)).inc()
        answer = refusal.to_bytes(first_line)
        for request in self.requests:
            request.close()
        if self.request is not None and not self.request.completed:
            self.request.close()
        self.requests = []
        self.request = None
        with self.outbuf_lock:
            self.outbufs[-1].append(answer)
            self.current_outbuf_count += len(answer)
            self.total_outbufs_len += len(answer)
            self.is_refused = self.close_when_flushed = True
        self.server.pull_trigger()

    def received(self, data: bytes) -> bool:
        return False if self.is_refused else bool(super().received(data))

    def handle_close(self) -> None:
        """After a refusal what the client still sends is read for a moment: a reset would take the answer from it."""
        if self.is_refused and not self.draining_since and self.connected:
            self.draining_since = time.time()
            self.will_close = False
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        super().handle_close()

    def end_if_stalled(self, now: float) -> None:
        """Nothing is asked of a connection whose request is being answered, but that its client takes the answer."""
        silent = now - self.last_activity
        if self.total_outbufs_len and silent > SEND_SECONDS:
            self.will_close = True
        elif self.draining_since:
            self.will_close = now - self.draining_since > DRAIN_SECONDS
        elif self.requests or self.close_when_flushed:
            return
        elif self.request is not None:
            if self.request.is_late():
                self.refuse(Refusal(408), self.request.first_line)
        elif silent > IDLE_SECONDS:
            self.will_close = True

    def is_dispensable(self) -> bool:
        """Whether it may be closed in favour of a new connection: nothing of it is being answered."""
        return not self.requests and not self.total_outbufs_len and not self.will_close

    def age(self) -> float:
        return time.time() - float(self.creation_time)
