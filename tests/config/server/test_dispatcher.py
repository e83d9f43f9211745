"""Under overload reads are refused first, and a write does not wait behind them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from config.server.dispatcher import PATIENCE, Dispatcher, is_writing


@dataclass
class Waiting:
    """A task that is never done, as the dispatcher has no threads here."""

    name: str
    is_writing: bool
    waiting_since: float = 0.0

    def service(self) -> None: ...

    def cancel(self) -> None: ...


def test_writes_wait_before_reads_each_in_order() -> None:
    dispatcher = Dispatcher(room=4)
    for name in ("read 1", "write 1", "read 2", "write 2"):
        assert dispatcher.take(Waiting(name, name.startswith("write")))
    assert [task.name for task in dispatcher.queue] == ["write 1", "write 2", "read 1", "read 2"]


def test_reads_are_refused_while_writes_find_room() -> None:
    dispatcher = Dispatcher(room=2)
    assert [dispatcher.take(Waiting("read", is_writing=False)) for _ in range(3)] == [True, True, False]
    assert [dispatcher.take(Waiting("write", is_writing=True)) for _ in range(3)] == [True, True, False]


def test_reads_are_refused_once_one_has_waited_for_long_and_writes_are_not() -> None:
    dispatcher = Dispatcher(room=20)
    first = Waiting("read", is_writing=False)
    assert dispatcher.take(first) and dispatcher.take(Waiting("read", is_writing=False))
    first.waiting_since -= 2 * PATIENCE
    assert dispatcher.take(Waiting("write", is_writing=True))
    assert not dispatcher.take(Waiting("read", is_writing=False))
    dispatcher.queue.remove(first)
    assert dispatcher.take(Waiting("read", is_writing=False))


@pytest.mark.parametrize(
    ("method", "path", "writes"),
    [
        ("GET", "/api/v1/collections/demo/search", False),
        ("POST", "/api/v1/collections/demo/search", False),
        ("POST", "/api/v1/collections/demo/duplicates/check", False),
        ("POST", "/api/v1/collections/demo/items", True),
        ("POST", "/api/v1/collections/demo/items/bulk", True),
        ("PUT", "/api/v1/collections/demo/items/search", True),
        ("DELETE", "/api/v1/collections/demo", True),
        ("POST", "/admin/login/", True),
    ],
)
def test_what_changes_something_is_told_by_method_and_path(method: str, path: str, writes: bool) -> None:
    assert is_writing(method, path) is writes
