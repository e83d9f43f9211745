"""Files of numbers whose place on the disk is taken before they are written to.

prometheus_client maps sparse files into memory, and a page that finds no place on a full disk ends the process with
SIGBUS. Here the place is reserved first; where there is none, the numbers stay in the memory of the process.
"""

from __future__ import annotations

import mmap
import os
from io import BufferedRandom
from pathlib import Path

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

INITIAL_BYTES = 1 << 16  # as prometheus_client has it: it doubles what it has
ENTRY_BYTES = 64  # more than an entry takes beside its key


class ReservedDict(MmapedDict):
    """A dict of doubles in a mapped file, as prometheus_client keeps one for each process and type of meter."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode:
            filename = _reserved(filename)
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        capacity = self._capacity
        while self._used + len(key.encode()) + ENTRY_BYTES > capacity:
            capacity *= 2
        if capacity > self._capacity:
            self._grow(capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def _grow(self, capacity: int) -> None:
        if not _reserve(self._f.fileno(), capacity):
            held, self._f = self._f, _in_memory(capacity)
            self._f.write(self._m[: self._used])
            self._f.flush()
            held.close()
        self._capacity = capacity
        self._m = mmap.mmap(self._f.fileno(), capacity)


def use() -> None:
    """From now on meters that processes share are kept in such files."""
    vars(values)["MmapedDict"] = ReservedDict


def _reserved(filename: str) -> str:
    """The file with its place taken, or one in memory."""
    with Path(filename).open("ab") as file:
        if _reserve(file.fileno(), INITIAL_BYTES):
            return filename
    descriptor = os.memfd_create("numbers")
    os.truncate(descriptor, INITIAL_BYTES)
    return f"/proc/self/fd/{descriptor}"


def _in_memory(capacity: int) -> BufferedRandom:
    file = os.fdopen(os.memfd_create("numbers"), "w+b")
    file.truncate(capacity)
    return file


def _reserve(descriptor: int, size: int) -> bool:
    if not hasattr(os, "posix_fallocate"):  # macOS
        return True
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        return False
    return True
