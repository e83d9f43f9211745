"""Orders other than relevance, as SQL: the newest first, or by a number or date of the items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from search.retrieval.types import Sort

NUMBER = "CASE WHEN e #>> '{}' ~ '[0-9]' AND pg_input_is_valid(e #>> '{}', 'numeric') THEN (e #>> '{}')::numeric END"
DATE = "CASE WHEN jsonb_typeof(e) = 'string' THEN (e #>> '{}') COLLATE \"C\" END"

# A list counts with its smallest value, or with its largest where those come first.
VALUE = """(
    SELECT {pick}({value}) FROM jsonb_array_elements(CASE jsonb_typeof(i.attributes -> %(sorted_by)s::text)
        WHEN 'array' THEN i.attributes -> %(sorted_by)s::text
        ELSE jsonb_build_array(i.attributes -> %(sorted_by)s::text) END) AS element(e)
)"""

ORDERED = "SELECT i.id FROM catalog_item i WHERE i.id = ANY(%(ids)s) ORDER BY {order}"


def order_sql(sort: Sort | None, *, ties: str = "i.id DESC") -> tuple[str, dict[str, Any]]:
    """What follows ORDER BY, and its parameters. Items without the attribute come last, whichever way."""
    if sort is None or not sort.attribute:
        return "i.id DESC", {}
    value = VALUE.format(pick="max" if sort.is_descending else "min", value=NUMBER if sort.type == "number" else DATE)
    return f"{value} {'DESC' if sort.is_descending else 'ASC'} NULLS LAST, {ties}", {"sorted_by": sort.attribute}


def sorted_ids(ids: Sequence[int], sort: Sort) -> list[int]:
    """The ids in that order; equal ones stay in the order in which they were given."""
    order, parameters = order_sql(sort, ties="array_position(%(ids)s::bigint[], i.id)")
    with connection.cursor() as cursor:
        cursor.execute(ORDERED.format(order=order), {**parameters, "ids": list(ids)})
        return [row[0] for row in cursor.fetchall()]
