"""How many texts an encoder is given at a time, learnt from how long it takes. Pure.

Between two calls a worker renews its leases, notices that it is to end and looks for what a person saved, so a call
must be short however slow the model is.
"""

from __future__ import annotations

FIRST = 4  # texts of the first call, when nothing is known of the encoder
MOST_TEXTS = 64
AIM_SECONDS = 4.0  # a full call that takes less is followed by one of twice as many texts


class Pace:
    """The pace of one encoder. `size` is how many texts its next call gets."""

    def __init__(self) -> None:
        self.size = FIRST

    def took(self, texts: int, seconds: float) -> None:
        """Learns that a call with so many texts took so long."""
        if seconds > 2 * AIM_SECONDS:
            self.size = max(int(texts * AIM_SECONDS / seconds), 1)
        elif seconds < AIM_SECONDS and texts >= self.size:
            self.size = min(2 * self.size, MOST_TEXTS)
