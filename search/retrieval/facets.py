"""Counts of attribute values over one candidate set."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import connection

from search.retrieval.filters import number_in
from search.retrieval.types import FacetValue, Filter

MAX_VALUES = 30  # of one facet, the most frequent first; selected values are always kept

COUNTS = """
    SELECT name, value, count(*) FROM (
        SELECT DISTINCT i.id, name,
               CASE jsonb_typeof(one) WHEN 'number' THEN trim_scale(one::numeric)::text ELSE one #>> '{}' END AS value
        FROM catalog_item i
        CROSS JOIN unnest(%(names)s::text[]) AS name
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(i.attributes -> name)
                WHEN 'array' THEN i.attributes -> name
                WHEN 'string' THEN jsonb_build_array(i.attributes -> name)
                WHEN 'number' THEN jsonb_build_array(i.attributes -> name)
                WHEN 'boolean' THEN jsonb_build_array(i.attributes -> name)
                ELSE '[]'
            END) AS one
        WHERE i.id = ANY(%(ids)s)
    ) AS pairs
    WHERE value <> '' GROUP BY name, value ORDER BY name, count(*) DESC, value
"""


def count_facets(
    ids: Sequence[int], names: Sequence[str], filters: Sequence[Filter]
) -> dict[str, tuple[FacetValue, ...]]:
    """The most frequent values of each attribute among the items, with how many items have them."""
    selected = {one.attribute: {_written(term) for term in one.terms} for one in filters if one.terms}
    facets: dict[str, list[FacetValue]] = {name: [] for name in names}
    for name, value, count in _counts(ids, names):
        is_selected = value in selected.get(name, ())
        if len(facets[name]) < MAX_VALUES or is_selected:
            facets[name].append(FacetValue(value, count, is_selected))
    for name in names:
        counted = {value.value for value in facets[name]}
        facets[name] += [FacetValue(v, 0, True) for v in sorted(selected.get(name, set()) - counted)]
    return {name: tuple(values) for name, values in facets.items()}


def _written(term: str) -> str:
    """The term as the counts write it: 5.0 and 5 are one number."""
    number = number_in(term)
    return term if number is None else f"{Decimal(str(number)):f}"


def _counts(ids: Sequence[int], names: Sequence[str]) -> list[tuple[str, str, int]]:
    if not ids or not names:
        return []
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"ids": list(ids), "names": list(names)})
        rows: list[tuple[str, str, int]] = cursor.fetchall()
    return rows
