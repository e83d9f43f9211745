"""Items and passages in partitions, by a hash of their collection: AKIN_PARTITIONS of each, for very large catalogs.

A collection lies in one partition whole, so that a search reads one. What a partition costs: a unique constraint has to
name the collection, and no other table can refer to an item by a foreign key. What such keys did, Akin does itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from catalog.models import Item

TABLES: Final = ("catalog_item", "search_passage")
KEY: Final = "collection_id"

PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass"

COLUMNS = """
    SELECT quote_ident(attname) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""

UNIQUE = """
    SELECT conname, contype, ARRAY(
        SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k(number, n)
        JOIN pg_attribute ON attrelid = conrelid AND attnum = k.number ORDER BY k.n)
    FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('p', 'u')
"""

REFERENCES = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'f' AND confrelid <> conrelid
"""

REFERRED = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE confrelid = %s::regclass AND contype = 'f' AND conparentid = 0
"""

# Those that one collection has are built anew by the upkeep of indexes, in its partition.
INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
    WHERE i.indrelid = %s::regclass AND i.indpred IS NULL
      AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""

TRIGGERS = """
    SELECT pg_get_triggerdef(oid), tgname, obj_description(oid, 'pg_trigger') FROM pg_trigger
    WHERE tgrelid = %s::regclass AND NOT tgisinternal
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """What a table has beside its columns."""

    columns: str
    unique: Sequence[tuple[str, str, list[str]]]  # name, kind, columns
    references: Sequence[tuple[str, str]]
    indexes: Sequence[str]
    triggers: Sequence[tuple[str, str, str | None]]


def count_partitions(table: str) -> int:
    """0 of a table that has none."""
    return int(_rows(PARTITIONS, [table])[0][0])


def are_as_asked() -> bool:
    return all(count_partitions(table) == settings.AKIN_PARTITIONS for table in TABLES)


def partition(number: int) -> None:
    """Makes each table that has another number anew with that many partitions.

    Each in one transaction, in which nobody else reads or writes it; what broke off between the tables goes on with
    the other. Takes as long as copying the tables does, and their space once more. The indexes of collections follow.
    """
    for table in [one for one in TABLES if count_partitions(one) != number]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            _remake(table, number)


def partition_if_empty(**_kwargs: Any) -> None:
    """After the migrations of a new database: it begins as the setting asks."""
    if settings.AKIN_PARTITIONS and not are_as_asked() and not Item.objects.exists():
        partition(settings.AKIN_PARTITIONS)


def _remake(table: str, number: int) -> None:
    known = _known(table)
    before = f"{table}_before"
    for other, name in _rows(REFERRED, [table]):
        _execute(f"ALTER TABLE {other} DROP CONSTRAINT {name}")
    _execute(
        f"ALTER TABLE {table} RENAME TO {before}",
        f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED"
        f" INCLUDING STORAGE) PARTITION BY HASH ({KEY})",
        f"ALTER TABLE {table} ALTER COLUMN id DROP DEFAULT",
    )
    for remainder in range(number):
        name = f"{table}_{number}_{remainder}"
        _execute(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES WITH (MODULUS {number}, REMAINDER {remainder})")
    _execute(f"INSERT INTO {table} ({known.columns}) SELECT {known.columns} FROM {before}", f"DROP TABLE {before}")
    _number_rows(table)
    _complete(table, known)


def _known(table: str) -> _Table:
    return _Table(
        ", ".join(name for (name,) in _rows(COLUMNS, [table])),
        _rows(UNIQUE, [table]),
        _rows(REFERENCES, [table]),
        [definition for (definition,) in _rows(INDEXES, [table])],
        _rows(TRIGGERS, [table]),
    )


def _number_rows(table: str) -> None:
    """Before PostgreSQL 17 a partitioned table has no identity columns; a sequence of its own does the same."""
    sequence = f"{table}_id_seq"
    _execute(
        f"CREATE SEQUENCE {sequence} OWNED BY {table}.id",
        f"ALTER TABLE {table} ALTER COLUMN id SET DEFAULT nextval('{sequence}')",
        f"SELECT setval('{sequence}', coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table}",
    )


def _complete(table: str, known: _Table) -> None:
    for name, kind, columns in known.unique:
        names = ", ".join(f'"{column}"' for column in (*columns, *([] if KEY in columns else [KEY])))
        _execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {'PRIMARY KEY' if kind == 'p' else 'UNIQUE'} ({names})")
    for name, definition in known.references:
        _execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    _execute(*(definition.replace(" ON ONLY ", " ON ") for definition in known.indexes))
    for definition, name, comment in known.triggers:
        _execute(definition)
        if comment:
            with connection.cursor() as cursor:
                cursor.execute(f"COMMENT ON TRIGGER {name} ON {table} IS %s", [comment])


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _rows(sql: str, parameters: Sequence[str]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
