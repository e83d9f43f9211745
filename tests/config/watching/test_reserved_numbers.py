"""The numbers of a process on a disk that is full: counting goes on, and nobody is ended by a signal."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import values

from config.watching.measuring import meters
from config.watching.measuring.reserved import INITIAL_BYTES, ReservedDict

assert meters


Opened = Callable[..., Any]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens a file of numbers that is closed when the test ends."""
    with ExitStack() as stack:
        yield lambda path, **options: stack.enter_context(closing(ReservedDict(str(path), **options)))


def test_meters_that_are_shared_are_kept_so() -> None:
    assert vars(values)["MmapedDict"] is ReservedDict


def test_the_place_of_a_file_is_taken_at_once_and_with_each_doubling(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    numbers = opened(path)
    assert path.stat().st_blocks * 512 >= INITIAL_BYTES
    written = write_many(numbers)
    assert path.stat().st_blocks * 512 >= path.stat().st_size > INITIAL_BYTES
    assert stored_in(opened(path, read_mode=True)) == written


def test_on_a_full_disk_the_numbers_stay_in_memory(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", fail)
    numbers = opened(tmp_path / "counter_1.db")
    assert write_many(numbers) == stored_in(numbers)
    assert (tmp_path / "counter_1.db").stat().st_size == 0


def test_a_disk_that_fills_up_costs_no_number_of_the_process(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "counter_1.db"
    numbers = opened(path)
    numbers.write_value("first", 7.0, 0.0)
    monkeypatch.setattr(os, "posix_fallocate", fail)
    assert write_many(numbers) | {"first": 7.0} == stored_in(numbers)
    assert path.stat().st_size == INITIAL_BYTES


def write_many(numbers: Any) -> dict[str, float]:
    written = {f"key {n} " + "x" * 200: float(n) for n in range(2_000)}
    for key, value in written.items():
        numbers.write_value(key, value, 0.0)
    return written


def stored_in(numbers: Any) -> dict[str, float]:
    return {key.rstrip(): value for key, value, *_ in numbers.read_all_values()}


def fail(_descriptor: int, _offset: int, _size: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
