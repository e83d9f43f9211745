"""Who uses the services: a shared lock for each process, which the kernel releases however the process ends."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded.layout import EmbeddedServiceError, Layout

PATIENCE = 180.0  # seconds: a crash recovery of PostgreSQL may be running under the lock


def open_lock_file(path: Path) -> int:
    """A descriptor that children started by exec do not inherit, so that the servers never hold it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EmbeddedServiceError(f"AKIN_DATA_DIR={str(path.parent)!r} cannot be used: {error}") from error


@contextmanager
def starting_or_stopping(layout: Layout) -> Iterator[None]:
    """One process at a time. Raises EmbeddedServiceError when another one has had it for too long."""
    descriptor = open_lock_file(layout.lock)
    try:
        _wait_for(descriptor, layout)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, layout: Layout) -> None:
    started, told = time.monotonic(), False
    while not _locked(descriptor, fcntl.LOCK_EX):
        waited = time.monotonic() - started
        if waited > PATIENCE:
            raise EmbeddedServiceError(f"Another process has held {layout.lock} for {PATIENCE:.0f} s. Is it stuck?")
        if waited > 3 and not told:
            print("akin: waiting for another process that starts or stops the services", file=sys.stderr)
            told = True
        time.sleep(0.01)


def take(layout: Layout) -> int:
    """A descriptor that holds the lease until it and its copies in forked children are closed. Needs the start lock."""
    descriptor = open_lock_file(layout.lease)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def give_back(descriptor: int) -> None:
    """Ends the lease at once, also where a child that was forked a moment ago still has the descriptor open."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def is_unused(layout: Layout) -> bool:
    """Whether nobody holds the lease. Needs the start lock."""
    descriptor = open_lock_file(layout.lease)
    try:
        return _locked(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
