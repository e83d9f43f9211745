"""Changing some fields of an item and leaving the others as they are."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from catalog.attributes.reading import read_attributes
from catalog.errors import InvalidInput, NotFound
from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.items import CONTENT_FIELDS, Outcome, write_item
from catalog.services.rereading import schema_of


def change_item(*, collection: Collection, external_id: str, changes: dict[str, Any]) -> tuple[Item, Outcome]:
    """Replaces the named fields; `attributes` are replaced as a whole. Raises NotFound and InvalidInput."""
    if changes.get("external_id", external_id) != external_id:
        raise InvalidInput("external_id: cannot be changed", [{"field": "external_id", "reason": "cannot be changed"}])
    with transaction.atomic():
        stored = (
            Item.objects.filter(collection=collection, external_id=external_id)
            .select_for_update(no_key=True)
            .values(*CONTENT_FIELDS)
            .first()
        )
        if stored is None:
            raise NotFound(f"There is no item '{external_id}' in '{collection.slug}'.")
        if "attributes" in changes:
            changes = {**changes, "attributes": read_attributes(schema_of(collection), changes["attributes"])}
        entry = parse_item({**stored, **changes, "external_id": external_id})
        return write_item(collection=collection, entry=entry)
