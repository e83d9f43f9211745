"""A collection learns its schema from its rows, until a person edits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction

from catalog.attributes.inference import MIN_ROWS, Columns
from catalog.attributes.reading import read_value
from catalog.models import Collection, Item
from catalog.models.collection import SchemaSource
from catalog.schemas import AttributeDefinition
from catalog.services.rereading import reread_items, schema_of

ENOUGH: Final = 2_000  # rows, after which writing single items teaches nothing new
MAX_LOOKED_AT: Final = 5_000  # of the newest items
SPELLING: Final = ("separator", "decimal", "date_order")

Schema = Mapping[str, AttributeDefinition]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was found: the schema as it is now, what is new or other in it, and what a person should know."""

    schema: Schema
    changed: Schema = field(default_factory=dict)
    proposed: Schema = field(default_factory=dict)  # what an edited schema lacks, and keeps lacking
    notes: Mapping[str, str] = field(default_factory=dict)


def learn_schema(collection: Collection) -> None:
    """Looks at the stored items when there are twice as many as the last time. For items that come one by one."""
    if collection.schema_source == SchemaSource.EDITED or collection.schema_rows >= ENOUGH:
        return
    wanted = max(MIN_ROWS, 2 * collection.schema_rows)
    if Item.objects.filter(collection=collection).order_by()[:wanted].count() < wanted:
        return
    rows = Item.objects.filter(collection=collection).order_by("-id").values_list("attributes", flat=True)
    learn_from(collection, Columns().add_all(rows[:MAX_LOOKED_AT]))


def learn_from(collection: Collection, columns: Columns) -> Learned:
    """Stores what the rows tell, unless a person edited the schema; items are reread by what changed."""
    found = columns.infer()
    with transaction.atomic():
        stored = Collection.objects.select_for_update(no_key=True).get(pk=collection.pk)
        schema = schema_of(stored)
        if stored.schema_source == SchemaSource.EDITED:
            collection.attribute_schema, collection.schema_source = stored.attribute_schema, stored.schema_source
            missing = {name: found.definitions[name] for name in found.definitions if name not in schema}
            return Learned(schema, proposed=missing, notes={n: found.notes[n] for n in missing if n in found.notes})
        merged = {**schema, **{n: _merged(schema.get(n), new, columns, n) for n, new in found.definitions.items()}}
        changed = {name: definition for name, definition in merged.items() if schema.get(name) != definition}
        _store(collection, merged, columns.rows, is_new=bool(changed))
    return Learned(merged, changed, notes={name: found.notes[name] for name in changed if name in found.notes})


def _merged(old: AttributeDefinition | None, new: AttributeDefinition, columns: Columns, name: str) -> Any:
    """What is known stays as long as it reads the new rows; a facet or identifier is only added."""
    if old is None:
        return new
    profile = columns.profiles[name]
    spelling = {key: getattr(old, key) for key in SPELLING}
    same_kind = (old.type, old.list) == (new.type, new.list)
    if same_kind or old.list or (not profile.lists and _reads_all(old, profile.texts)):
        roles = {role: getattr(old, role) or (same_kind and getattr(new, role)) for role in ("facet", "identifier")}
        return old.model_copy(update={**roles, **spelling})
    return new.model_copy(update={"label": old.label})


def _reads_all(definition: AttributeDefinition, texts: Mapping[str, int]) -> bool:
    if definition.type in ("term", "text"):
        return False  # they read everything, and tell nothing
    try:
        for text in texts:
            read_value(definition, text)
    except ValueError:
        return False
    return True


def _store(collection: Collection, schema: Schema, rows: int, *, is_new: bool) -> None:
    collection.schema_rows = max(collection.schema_rows, rows)
    if schema:
        collection.attribute_schema = {n: d.model_dump(exclude_defaults=True) for n, d in schema.items()}
        collection.schema_source = SchemaSource.FOUND
    collection.save(update_fields=["attribute_schema", "schema_source", "schema_rows", "updated_at"])
    if is_new:
        reread_items(collection)
