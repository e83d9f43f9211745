"""One value of a file as this database has to store it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from pgvector import HalfVector, Vector

from search.transfer.numbers import Numbers, PastNumbers
from search.transfer.parts import Column


class Translator:
    """Gives None for a reference to what the file does not have, or what cannot be used here."""

    def __init__(self, items: Numbers, topics: Numbers, spaces: Mapping[int, int]) -> None:
        past = PastNumbers(items)
        self._items = items
        self._by_kind: dict[Column, Callable[[str], str | None]] = {
            Column.PLAIN: lambda value: value,
            Column.ITEM: lambda value: _text(items.new(int(value))),
            Column.TOPIC: lambda value: _text(topics.new(int(value))),
            Column.SPACE: lambda value: _text(spaces.get(int(value))),
            Column.PAST_ITEM: lambda value: _text(past.new(int(value))),
            Column.ITEMS: lambda value: json.dumps(self._known(json.loads(value))),
            Column.SNAPSHOT: self._snapshot,
            Column.HALF: lambda value: HalfVector.from_binary(_bytes(value)).to_text(),
            Column.FULL: lambda value: Vector.from_binary(_bytes(value)).to_text(),
        }

    def translate(self, column: Column, value: str | None) -> str | None:
        return None if value is None else self._by_kind[column](value)

    def _known(self, olds: list[int]) -> list[int]:
        return [new for old in olds if (new := self._items.new(old)) is not None]

    def _snapshot(self, value: str) -> str:
        """Of the rows that a merge moved only items have ids that mean something here."""
        snapshot: dict[str, Any] = json.loads(value)
        moved = [entry for entry in snapshot.get("moved", []) if entry["relation"].startswith("catalog.Item.")]
        snapshot["moved"] = [{**entry, "rows": self._known(entry["rows"])} for entry in moved]
        return json.dumps(snapshot)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _bytes(value: str) -> bytes:
    try:
        return base64.b64decode(value)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}") from error
