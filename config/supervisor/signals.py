"""Counts the signals that ask for an end, so that a second Ctrl-C close behind the first is not lost."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import suppress
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Python calls a handler once for all that came while it was busy; the pipe has a byte for each of them."""

    def __init__(self) -> None:
        self.has_come = False
        self._counts: Counter[int] = Counter()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def listen(self) -> None:
        """Call it in the main thread. What this process was told to ignore, as nohup does, it goes on to ignore."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in ASKING:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.has_come = True

    def count(self, number: signal.Signals | None = None) -> int:
        """How many have come so far, of this kind or of all. Call it in one thread."""
        with suppress(BlockingIOError):
            self._counts.update(os.read(self._reader, 4096))
        return self._counts.total() if number is None else self._counts[number]
