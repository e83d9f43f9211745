"""Wakes the workers after a commit. A wake-up that is lost costs time only: beat finds the same rows."""

from __future__ import annotations

from typing import Any

from catalog.signals import items_changed
from search.messages import send


def connect() -> None:
    """Listens to the catalog's changes."""
    items_changed.connect(_wake_on_change, dispatch_uid="search.embedding.wakeup")


def disconnect() -> None:
    """Stops listening, for measurements."""
    items_changed.disconnect(dispatch_uid="search.embedding.wakeup")


def _wake_on_change(sender: Any, *, collection_id: int, **kwargs: Any) -> None:
    wake()


def wake() -> None:
    """Has the workers look for pending items."""
    send("embedding.embed_pending")
