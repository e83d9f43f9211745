"""Rows of a file into their tables, some thousands at a time."""

from __future__ import annotations

from collections import Counter
from typing import Final

from django.db import connection

from search.transfer.archive import Row
from search.transfer.parts import BY_NAME, PARTS, Part
from search.transfer.translating import Translator

BATCH: Final = 2_000
EMBEDDINGS: Final = "search_itemembedding"
STAGE: Final = "akin_incoming_embeddings"


class Loader:
    """Collects rows of a part and copies them. Of rows that come in the file's order of parts none is kept long."""

    def __init__(self, collection_id: int, columns: dict[str, list[str]], translator: Translator) -> None:
        self._collection_id = str(collection_id)
        self._columns = columns
        self._translator = translator
        self._part: Part = PARTS[0]
        self._rows: list[Row] = []
        self.counts: Counter[str] = Counter()
        self.left_behind: Counter[str] = Counter()

    def add(self, name: str, values: Row) -> None:
        if name != self._part.name or len(self._rows) >= BATCH:
            self.end()
            self._part = BY_NAME[name]
        row = self._translated(values)
        if row is None:
            self.left_behind[name] += 1
            return
        self._rows.append(row)
        self.counts[name] += 1

    def end(self) -> None:
        """Copies what is left."""
        if self._rows:
            copy = self._copy_embeddings if self._part.table == EMBEDDINGS else self._copy
            copy(self._names())
            self._rows = []

    def _names(self) -> list[str]:
        return ["collection_id", *self._columns[self._part.name]]

    def _translated(self, values: Row) -> Row | None:
        """The row for our tables, or None when it refers to what is not there."""
        row: Row = [self._collection_id]
        columns = self._part.columns
        for name, value in zip(self._columns[self._part.name], values, strict=True):
            translated = self._translator.translate(columns[name], value)
            if translated is None and value is not None and name not in self._part.may_be_null:
                return None
            row.append(translated)
        return row

    def _copy(self, names: list[str], table: str = "") -> None:
        columns = ", ".join(f'"{name}"' for name in names)
        target = table or self._part.table
        statement = f"COPY {target} ({columns}) FROM STDIN"
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in self._rows:
                copy.write_row(row)

    def _copy_embeddings(self, names: list[str]) -> None:
        """The trigger has marked the items pending; what the file knows of them takes the place of that."""
        own = [name for name in names if name != "collection_id"]
        changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in own if name not in ("item_id", "space_id"))
        columns = ", ".join(names)
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {STAGE} ON COMMIT DROP AS TABLE {EMBEDDINGS} WITH NO DATA")
            cursor.execute(f"TRUNCATE {STAGE}")
        self._copy(names, STAGE)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {EMBEDDINGS} ({columns}, next_attempt_at) "
                f"SELECT {columns}, marked_at FROM {STAGE} "
                f"ON CONFLICT (item_id, space_id) DO UPDATE SET {changed}"
            )
