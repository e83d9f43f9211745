"""How often what a search of a collection depends on was changed: answers that were given hold until then."""

from __future__ import annotations

import pgtrigger
from django.db import models

EVERY_COLLECTION = 0

_NOTE = """
    INSERT INTO search_collectionchange (collection_id, backend, changes)
    SELECT DISTINCT {collection}, pg_backend_pid(), 1 FROM {rows}
    ON CONFLICT (collection_id, backend) DO UPDATE SET changes = search_collectionchange.changes + 1;
    RETURN NULL;
"""


class CollectionChange(models.Model):
    """Changes of a collection by one connection to the database; their sum rises with every commit of one.

    Each connection has a row of its own, so that writers never wait for each other. `EVERY_COLLECTION` stands for all.
    """

    collection_id = models.BigIntegerField()
    backend = models.IntegerField(help_text="Process id of the connection's server process.")
    changes = models.BigIntegerField(default=1)

    class Meta:
        constraints = [
            # Reader: the version of a collection.
            models.UniqueConstraint(name="collection_change_unique", fields=["collection_id", "backend"])
        ]

    def __str__(self) -> str:
        return f"{self.changes} changes of {self.collection_id}"


def change_triggers(name: str, collection: str = "collection_id") -> list[pgtrigger.Trigger]:
    """Triggers that note every statement which changes rows of a table, whoever sends it."""
    both = f"(SELECT {collection} AS noted FROM old_rows UNION SELECT {collection} FROM new_rows) AS both_rows"
    return [
        _trigger(f"{name}_insert_noted", pgtrigger.Insert, {"new": "new_rows"}, collection, "new_rows"),
        _trigger(f"{name}_update_noted", pgtrigger.Update, {"old": "old_rows", "new": "new_rows"}, "noted", both),
        _trigger(f"{name}_delete_noted", pgtrigger.Delete, {"old": "old_rows"}, collection, "old_rows"),
    ]


def _trigger(
    name: str, operation: pgtrigger.Operation, tables: dict[str, str], collection: str, rows: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**tables),
        func=_NOTE.format(collection=collection, rows=rows),
    )
