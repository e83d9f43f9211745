"""Accepts connections and decides who gets a thread: health always, others while the queue has room."""

from __future__ import annotations

from typing import Any

from waitress.server import TcpWSGIServer

from config.server import limits
from config.server.channel import Channel
from config.server.dispatcher import Dispatcher, is_writing
from config.server.refusals import Refusal

HEALTH = "/healthz"
HEALTH_QUEUE = 16


class Front(TcpWSGIServer):
    """One listening socket. Requests for which its dispatcher has no room are answered 503 at once."""

    channel_class = Channel

    def __init__(self, *args: Any, most_connections: int, **options: Any) -> None:
        self._most_connections = most_connections
        self._health = Dispatcher(HEALTH_QUEUE)
        self._health.set_thread_count(1)
        super().__init__(*args, **options)

    def add_task(self, channel: Channel) -> None:
        if channel.close_when_flushed:  # it was refused already; what follows on that connection is not asked
            channel.requests = []
            return
        request = channel.requests[0]
        path = getattr(request, "path", "")
        lane: Dispatcher = self._health if path == HEALTH else self.task_dispatcher
        channel.is_writing = is_writing(getattr(request, "command", ""), path)
        if request.error is not None:
            channel.refuse(request.error, request.first_line)
        elif not lane.take(channel):
            channel.refuse(Refusal(503), request.first_line)

    def handle_accept(self) -> None:
        if len(self.active_channels) >= self._most_connections:
            self._make_room()
        super().handle_accept()

    def _make_room(self) -> None:
        """Closes the oldest connection that waits for its client; new ones are worth more than those that stall."""
        waiting = [channel for channel in self.active_channels.values() if channel.is_dispensable()]
        if waiting:
            max(waiting, key=Channel.age).handle_close()

    def maintenance(self, now: float) -> None:
        for channel in list(self.active_channels.values()):
            channel.end_if_stalled(now)
        self._bound_bodies()

    def _bound_bodies(self) -> None:
        """Refuses the largest bodies that are still arriving, until the rest keeps within its bytes."""
        arriving = [one for one in self.active_channels.values() if one.request is not None and not one.requests]
        arriving.sort(key=lambda channel: channel.request.body_bytes_received)
        total = sum(channel.request.body_bytes_received for channel in arriving)
        while total > limits.UNFINISHED_BYTES:
            largest = arriving.pop()
            total -= largest.request.body_bytes_received
            largest.refuse(Refusal(503), largest.request.first_line)

    def stop_accepting(self) -> None:
        self.accepting = False
        self.del_channel(self._map)

    def is_busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in list(self.active_channels.values()))

    def end(self) -> None:
        self.task_dispatcher.shutdown(timeout=1)
        self._health.shutdown(timeout=1)


ADJUSTMENTS: dict[str, Any] = {
    "ident": "",
    "max_request_header_size": limits.HEADER_BYTES,
    "max_request_body_size": limits.BODY_BYTES,
    "connection_limit": 1_000_000,  # Front makes room instead: waitress would stop to accept
    "cleanup_interval": 1,
    "channel_request_lookahead": 0,
    "clear_untrusted_proxy_headers": False,  # whom to believe is a setting of the application
    "asyncore_use_poll": True,
    "expose_tracebacks": False,
}
