"""The models in this process's memory, of whatever kind: each loaded once, never through a fork."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Container, Hashable
from typing import Generic, TypeVar

from search.errors import EncoderUnavailable

logger = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Model = TypeVar("Model")


class LoadedModels(Generic[Key, Model]):
    """Models by key. A fork starts without any: threads and locks of a model do not survive one."""

    def __init__(self, *, retry_seconds: float) -> None:
        """A model that could not be loaded is tried again after `retry_seconds`."""
        self._retry_seconds = retry_seconds
        self.clear()
        os.register_at_fork(after_in_child=self.clear)

    def clear(self) -> None:
        self.models: dict[Key, Model] = {}
        self._failures: dict[Key, tuple[float, EncoderUnavailable]] = {}
        self.lock = threading.Lock()

    def get(self, key: Key, load: Callable[[], Model], *, name: str) -> Model:
        """The model, loaded by the first that asks. Raises EncoderUnavailable when it cannot be, for whatever reason.

        `name` is what messages call it.
        """
        if (found := self.models.get(key)) is not None:
            return found
        with self.lock:
            if key not in self.models:
                self.models[key] = self._load(key, load, name)
            return self.models[key]

    def _load(self, key: Key, load: Callable[[], Model], name: str) -> Model:
        failed_at, failure = self._failures.get(key, (0.0, None))
        if failure is not None and time.monotonic() - failed_at < self._retry_seconds:
            raise failure
        try:
            model = load()
        except Exception as error:
            logger.exception("%s cannot be loaded", name)
            unavailable = EncoderUnavailable(f"{name} cannot be loaded: {error}")
            self._failures[key] = (time.monotonic(), unavailable)
            raise unavailable from error
        self._failures.pop(key, None)
        return model

    def forget(self, key: Key) -> None:
        """Frees the model, and that it could not be loaded."""
        self.models.pop(key, None)
        self._failures.pop(key, None)

    def keep_only(self, keys: Container[Key]) -> None:
        """Frees all others."""
        for key in [key for key in list(self.models) if key not in keys]:
            self.models.pop(key, None)
