"""PostgreSQL and Redis that come with Akin, for when DATABASE_URL or REDIS_URL is unset.

Every process that needs them joins; the last one to leave stops them. Membership is a file lock, so a process that
is killed has left. A forked child is no member, unless it joins; its parent is for it.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType

from config.embedded import lease, postgres, redis
from config.embedded.keeper import Keeper
from config.embedded.layout import EmbeddedServiceError, Layout

__all__ = ["SERVICES", "EmbeddedServiceError", "Layout", "is_data_dir_gone", "join", "keep", "leave"]

SERVICES: dict[str, ModuleType] = {"postgres": postgres, "redis": redis}


_leases: dict[Path, int] = {}  # descriptor by data directory


def join(data_dir: Path, services: Collection[str] = tuple(SERVICES)) -> None:
    """Returns when the services run, started if need be, and keeps them running until this process leaves or ends.

    Raises EmbeddedServiceError. Costs a millisecond when they run.
    """
    if not services or data_dir in _leases:
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
    _leases[data_dir] = descriptor
    atexit.register(leave, data_dir)


def leave(data_dir: Path) -> None:
    """Ends this process's membership and stops the services if it was the last. Does nothing in a forked child."""
    descriptor = _leases.pop(data_dir, None)
    if descriptor is None:
        return
    layout = Layout(data_dir)
    if _is_deleted(descriptor):
        os.close(descriptor)
        _stop_all(layout)
        return
    with lease.starting_or_stopping(layout):
        lease.give_back(descriptor)
        _stop_if_unused(layout)


def keep(data_dir: Path, services: Collection[str], say: Callable[[str], None]) -> None:
    """Starts a service again when it ends, for as long as this process is a member."""

    def is_member() -> bool:
        return data_dir in _leases and not is_data_dir_gone(data_dir)

    Keeper(data_dir, [(name, SERVICES[name]) for name in services], is_member=is_member, say=say).start()


def _forget_leases() -> None:
    """In a forked child: it must not keep the services from stopping when its parent has left."""
    while _leases:
        os.close(_leases.popitem()[1])


os.register_at_fork(after_in_child=_forget_leases)


def is_data_dir_gone(data_dir: Path) -> bool:
    """Whether somebody has deleted the data directory from under this member."""
    descriptor = _leases.get(data_dir)
    return descriptor is not None and _is_deleted(descriptor)


def _is_deleted(descriptor: int) -> bool:
    return os.fstat(descriptor).st_nlink == 0


def _stop_if_unused(layout: Layout) -> None:
    if lease.is_unused(layout):
        _stop_all(layout)


def _stop_all(layout: Layout) -> None:
    for service in SERVICES.values():
        service.stop(layout)
