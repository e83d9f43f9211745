"""PostgreSQL and Redis that come with Akin, for when DATABASE_URL or REDIS_URL is unset.

Every process that needs them joins; the last one to leave stops them. Membership is a file lock, so a process that
is killed has left. Forked children share their parent's membership and do not end it.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from config.embedded import lease, postgres, redis
from config.embedded.layout import EmbeddedServiceError, Layout

__all__ = ["SERVICES", "EmbeddedServiceError", "Layout", "is_data_dir_gone", "join", "leave"]

SERVICES: dict[str, ModuleType] = {"postgres": postgres, "redis": redis}


@dataclass(frozen=True)
class _Membership:
    pid: int
    descriptor: int


_memberships: dict[Path, _Membership] = {}


def join(data_dir: Path, services: Collection[str] = tuple(SERVICES)) -> None:
    """Returns when the services run, started if need be, and keeps them running until this process leaves or ends.

    Raises EmbeddedServiceError. Costs a millisecond when they run.
    """
    if not services or data_dir in _memberships:
        return
    layout = Layout(data_dir)
    with lease.starting_or_stopping(layout):
        descriptor = lease.take(layout)
        try:
            for name in services:
                SERVICES[name].ensure_running(layout)
        except BaseException:
            os.close(descriptor)
            _stop_if_unused(layout)
            raise
    _memberships[data_dir] = _Membership(os.getpid(), descriptor)
    atexit.register(leave, data_dir)


def leave(data_dir: Path) -> None:
    """Ends this process's membership and stops the services if it was the last. Does nothing in a forked child."""
    membership = _memberships.get(data_dir)
    if membership is None or membership.pid != os.getpid():
        return
    del _memberships[data_dir]
    layout = Layout(data_dir)
    if is_gone(membership.descriptor):
        os.close(membership.descriptor)
        _stop_all(layout)
        return
    with lease.starting_or_stopping(layout):
        os.close(membership.descriptor)
        _stop_if_unused(layout)


def is_data_dir_gone(data_dir: Path) -> bool:
    """Whether somebody has deleted the data directory from under this member."""
    membership = _memberships.get(data_dir)
    return membership is not None and is_gone(membership.descriptor)


def is_gone(descriptor: int) -> bool:
    return os.fstat(descriptor).st_nlink == 0


def _stop_if_unused(layout: Layout) -> None:
    if lease.is_unused(layout):
        _stop_all(layout)


def _stop_all(layout: Layout) -> None:
    for service in SERVICES.values():
        service.stop(layout)
