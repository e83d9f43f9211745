"""Who made a collection's attributes, and what the items have beyond them, in words."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.attributes.inference import Columns
from catalog.attributes.summary import summary_of
from catalog.models import Collection, Item
from catalog.models.collection import SchemaSource
from catalog.services.rereading import schema_of

LOOKED_AT: Final = 500  # of the newest items
MAX_NAMED: Final = 20


def schema_note(collection: Collection) -> SafeString:
    source = SchemaSource(collection.schema_source)
    if source == SchemaSource.FOUND:
        return format_html(
            "We took these from your rows ({} items); change them here. Until you do, new rows may add to them;"
            " once you have, they stay as you say.",
            f"{collection.schema_rows:,}",
        )
    if source == SchemaSource.NONE:
        return SafeString("Found in the rows as soon as there are five, or said here before.")
    return format_html("Edited: imports and new items leave them as they are.{}", _beyond(collection))


def _beyond(collection: Collection) -> SafeString:
    rows = Item.objects.filter(collection=collection).order_by("-id").values_list("attributes", flat=True)[:LOOKED_AT]
    schema = schema_of(collection)
    found = Columns().add_all(rows).infer().definitions
    missing = [f"{name} ({summary_of(found[name])})" for name in found if name not in schema][:MAX_NAMED]
    if not missing:
        return SafeString("")
    return format_html(" The items have more, which you may add: {}.", "; ".join(missing))
