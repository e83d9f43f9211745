"""Says how long steps take and what happened how often, to whoever measures: the composition root listens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.dispatch import Signal

timed = Signal()  # `stage`, `seconds`
counted = Signal()  # `event`, `amount`


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Times a block, or every call of a function that it decorates. The name is `room.step`."""
    started = time.perf_counter()
    try:
        yield
    finally:
        timed.send(sender=None, stage=name, seconds=time.perf_counter() - started)


def count(event: str, amount: int = 1) -> None:
    """Something happened `amount` times."""
    if amount:
        counted.send(sender=None, event=event, amount=amount)
