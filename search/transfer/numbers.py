"""The ids that the rows of a file get here: in the order that they had, so that pairs stay in theirs."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from django.db import connection

BLOCK = 100_000


class Numbers:
    """Old ids, which have to come in ascending order, and the new ones: 16 bytes for each row."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._old = array("q")
        self._new = array("q")

    def add(self, old: int) -> None:
        if self._old and old <= self._old[-1]:
            raise ValueError(f"{old} does not follow {self._old[-1]}")
        self._old.append(old)

    def reserve(self) -> None:
        """Takes new ids for all that were added."""
        while missing := min(len(self._old) - len(self._new), BLOCK):
            self._new.extend(_next_ids(self._table, missing))

    def new(self, old: int) -> int | None:
        """None for an id that the file does not have."""
        place = bisect_left(self._old, old)
        return self._new[place] if place < len(self._old) and self._old[place] == old else None


class PastNumbers:
    """Ids of items that are gone: each gets one that no item will ever have."""

    def __init__(self, items: Numbers) -> None:
        self._items = items
        self._gone: dict[int, int] = {}

    def new(self, old: int) -> int:
        if (found := self._items.new(old)) is not None:
            return found
        if old not in self._gone:
            self._gone[old] = _next_ids("catalog_item", 1)[0]
        return self._gone[old]


def _next_ids(table: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s) ORDER BY 1", [table, count]
        )
        return [int(number) for (number,) in cursor.fetchall()]
