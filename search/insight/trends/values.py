"""How many items have a value of each facet attribute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from catalog.models import Collection
from catalog.models.item import VISIBLE
from catalog.pages.facts import label_of
from catalog.schemas import parse_attribute_schema

MOST_ATTRIBUTES = 30

KNOWN = "count(*) FILTER (WHERE coalesce(i.attributes -> %(name{n})s, 'null') NOT IN ('null', '[]', '\"\"'))"
COUNTS = f"SELECT count(*), {{columns}} FROM catalog_item i WHERE i.collection_id = %(collection)s AND {VISIBLE}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one attribute, how many visible items have a value; `share` in percent."""

    name: str
    label: str
    given: int
    missing: int
    share: float


def coverage_of(collection: Collection) -> list[Coverage]:
    """In the schema's order; nothing of a collection without items."""
    schema = parse_attribute_schema(collection.attribute_schema)
    names = [name for name, definition in schema.items() if definition.facet][:MOST_ATTRIBUTES]
    if not names:
        return []
    columns = ", ".join(KNOWN.format(n=n) for n in range(len(names)))
    parameters: dict[str, Any] = {"collection": collection.pk, **{f"name{n}": name for n, name in enumerate(names)}}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS.format(columns=columns), parameters)
        total, *given = cursor.fetchone()
    return [
        Coverage(name, label_of(name, schema), number, total - number, 100 * number / total)
        for name, number in zip(names, given, strict=True)
        if total
    ]
