"""A collection into a file, row by row, as it was at one moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Collection
from search.models import EmbeddingSpace
from search.models.embedding import LIVE_STATES
from search.transfer import archive, spaces
from search.transfer.parts import FIELDS, FOUND_FIELDS, PARTS, Column, Part

# Text that means the same wherever it is read; extra digits make floats exact.
SESSION: Final = "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 1"
VECTORS: Final = {Column.HALF: "halfvec_send", Column.FULL: "vector_send"}


def export_collection(
    collection: Collection, path: Path, on_progress: Callable[[int], None] = lambda done: None
) -> dict[str, int]:
    """Writes the file and returns how many rows of each part are in it. Memory does not grow with the collection.

    People are not in it, but for the names under decisions: neither members, API keys nor what somebody looked at.
    """
    with archive.writing(path) as writer, transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(SESSION)
        collection = Collection.objects.get(pk=collection.pk)
        writer.header(_header(collection))
        for part in PARTS:
            _write(part, collection, writer, on_progress)
        writer.seal()
    return dict(writer.counts)


def _header(collection: Collection) -> dict[str, Any]:
    live = EmbeddingSpace.objects.filter(state__in=LIVE_STATES)
    return {
        "exported_at": timezone.now().isoformat(),
        "collection": {
            "slug": collection.slug,
            **{name: getattr(collection, name) for name in (*FIELDS, *FOUND_FIELDS)},
        },
        "spaces": [spaces.described(space) for space in live],
        "columns": {part.name: list(part.columns) for part in PARTS},
    }


def _write(part: Part, collection: Collection, writer: archive.Writer, on_progress: Callable[[int], None]) -> None:
    with connection.cursor() as cursor, cursor.copy(_statement(part), [collection.pk]) as copy:
        for done, values in enumerate(copy.rows(), start=1):
            writer.row(part.name, list(values))
            if part.name == "item":
                on_progress(done)


def _statement(part: Part) -> str:
    columns = ", ".join(_selected(name, column) for name, column in part.columns.items())
    only = f" AND {part.only}" if part.only else ""
    return f"COPY (SELECT {columns} FROM {part.table} WHERE collection_id = %s{only} ORDER BY {part.order}) TO STDOUT"


def _selected(name: str, column: Column) -> str:
    return f"encode({VECTORS[column]}(\"{name}\"), 'base64')" if column in VECTORS else f'"{name}"'
