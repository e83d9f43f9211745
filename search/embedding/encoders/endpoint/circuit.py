"""A circuit breaker: after repeated failures nobody asks for a while, then one call tries again."""

from __future__ import annotations

import threading
import time

from search.errors import EncoderUnavailable

OPEN_AFTER = 3  # failures in a row
OPEN_SECONDS = 10.0


class CircuitBreaker:
    """Shared by the threads of one process. Uses the monotonic clock."""

    def __init__(self, open_after: int = OPEN_AFTER, open_seconds: float = OPEN_SECONDS) -> None:
        self._open_after, self._open_seconds = open_after, open_seconds
        self._failures = 0
        self._closed_at = 0.0  # when calls are let through again
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises EncoderUnavailable while the circuit is open. The first call afterwards is the trial for all."""
        with self._lock:
            left = self._closed_at - time.monotonic()
            if left > 0:
                raise EncoderUnavailable(f"The encoder failed repeatedly and is asked again in {left:.0f} s.")
            if self._failures >= self._open_after:
                self._closed_at = time.monotonic() + self._open_seconds

    def record_success(self) -> None:
        with self._lock:
            self._failures, self._closed_at = 0, 0.0

    def record_failure(self, retry_after: float | None = None) -> None:
        """`retry_after` seconds, where the encoder named them, open the circuit at once."""
        with self._lock:
            self._failures += 1
            if retry_after is not None or self._failures >= self._open_after:
                self._closed_at = time.monotonic() + (retry_after or self._open_seconds)
