"""Fills the meters with what the rooms of search say of themselves."""

from __future__ import annotations

from typing import Any

from config.watching.measuring.meters import ANSWERS, EVENTS, STAGE
from search import timing
from search.retrieval.remembered import answered


def connect() -> None:
    """Listens to what the rooms of search say of themselves."""
    timing.timed.connect(_timed, dispatch_uid="config.measuring.timed")
    timing.counted.connect(_counted, dispatch_uid="config.measuring.counted")
    answered.connect(_answered, dispatch_uid="config.measuring.answered")


def _timed(sender: Any, *, stage: str, seconds: float, **kwargs: Any) -> None:
    STAGE.labels(stage).observe(seconds)


def _counted(sender: Any, *, event: str, amount: int, **kwargs: Any) -> None:
    EVENTS.labels(event).inc(amount)


def _answered(sender: Any, *, is_remembered: bool, **kwargs: Any) -> None:
    ANSWERS.labels("yes" if is_remembered else "no").inc()
