"""Attributes as a collection's schema wants them: of an entry to be written, of items when the schema changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from catalog.attributes.reading import TEXT_TYPES, read_attributes, read_value
from catalog.models import Collection, Item
from catalog.schemas import AttributeDefinition, ItemInput, parse_attribute_schema

BATCH_SIZE: Final = 500  # items in one statement

Schema = Mapping[str, AttributeDefinition]


def schema_of(collection: Collection) -> Schema:
    return parse_attribute_schema(collection.attribute_schema)


def typed(collection: Collection, entry: ItemInput) -> ItemInput:
    """The entry with its attributes as they are stored. Raises InvalidInput that names each wrong one."""
    return read_entry(entry, schema_of(collection))


def read_entry(entry: ItemInput, schema: Schema) -> ItemInput:
    """The same for a schema that was read before. Raises InvalidInput."""
    return entry.model_copy(update={"attributes": read_attributes(schema, entry.attributes)})


def is_other_schema(before: Any, after: Any) -> bool:
    """Whether the schemas differ in more than what is left out as default."""
    return parse_attribute_schema(before) != parse_attribute_schema(after)


def reread_items(collection: Collection) -> int:
    """Stores the attributes of all items as the schema now reads them; what it cannot read stays as it is."""
    schema = {name: definition for name, definition in schema_of(collection).items() if _converts(definition)}
    if not schema:
        return 0
    items = Item.objects.filter(collection=collection, attributes__has_any_keys=list(schema)).only("attributes")
    changed: list[Item] = []
    count = 0
    for item in items.order_by("id").iterator(chunk_size=BATCH_SIZE):
        attributes = _reread(schema, item.attributes)
        if attributes != item.attributes:
            item.attributes = attributes
            changed.append(item)
            count += 1
        if len(changed) == BATCH_SIZE:
            Item.objects.bulk_update(changed, ["attributes"])
            changed.clear()
    if changed:
        Item.objects.bulk_update(changed, ["attributes"])
    return count


def _converts(definition: AttributeDefinition) -> bool:
    """Whether reading may change what is stored: a number, a date or a list written as text."""
    return definition.list or definition.type not in TEXT_TYPES


def _reread(schema: Schema, attributes: Mapping[str, Any]) -> dict[str, Any]:
    reread = dict(attributes)
    for name in schema.keys() & attributes.keys():
        try:
            value = read_value(schema[name], attributes[name])
        except ValueError:
            continue
        if value is not None:
            reread[name] = value
    return reread
