"""Conditions on attributes as SQL over `catalog_item i`, with every value bound as a parameter."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.retrieval.types import Filter


@dataclass(slots=True)
class Conditions:
    """SQL that starts with AND, or nothing, and the parameters it names."""

    sql: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


def conditions_of(filters: Sequence[Filter]) -> Conditions:
    """All filters must hold."""
    conditions = Conditions()
    for number, one in enumerate(filters):
        for sql in _clauses(one, f"filter{number}", conditions.parameters):
            conditions.sql += f" AND {sql}"
    return conditions


def _clauses(one: Filter, key: str, parameters: dict[str, Any]) -> Iterable[str]:
    name = f"{key}_name"
    parameters[name] = one.attribute
    if one.terms:
        yield _any_of(one, key, parameters)
    if one.exists is not None:
        known = f"coalesce(i.attributes -> %({name})s::text, 'null') NOT IN ('null', '[]', '\"\"')"
        yield known if one.exists else f"NOT ({known})"
    if one.minimum is not None or one.maximum is not None:
        yield _range(one, key, parameters)


def _any_of(one: Filter, key: str, parameters: dict[str, Any]) -> str:
    """Containment, which the GIN index answers, for each term as a scalar and as an element of a list."""
    alternatives = []
    for number, value in enumerate(v for term in one.terms for v in _readings(term)):
        for shape, document in (("s", {one.attribute: value}), ("l", {one.attribute: [value]})):
            parameters[f"{key}_{number}{shape}"] = json.dumps(document)
            alternatives.append(f"i.attributes @> %({key}_{number}{shape})s::jsonb")
    return f"({' OR '.join(alternatives)})"


def _readings(term: str) -> list[Any]:
    """A term may be text, a number or a truth value in the item."""
    readings: list[Any] = [term]
    if term in ("true", "false"):
        readings.append(term == "true")
    if (number := number_in(term)) is not None:
        readings.append(number)
    return readings


def number_in(term: str) -> int | float | None:
    """The number that the term writes; whole numbers are exact, however large."""
    try:
        return int(term)
    except ValueError:
        pass
    try:
        number = float(term)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number


RANGE = """EXISTS (
    SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof(i.attributes -> %({name})s::text)
        WHEN 'array' THEN i.attributes -> %({name})s::text ELSE jsonb_build_array(i.attributes -> %({name})s::text) END
    ) AS element(e) WHERE {bounds})"""


def _range(one: Filter, key: str, parameters: dict[str, Any]) -> str:
    """One value, or one element of a list, is between the bounds; a value of another kind is outside every range."""
    bounds = []
    for bound, operator, suffix in ((one.minimum, ">=", "min"), (one.maximum, "<=", "max")):
        if bound is not None:
            parameters[f"{key}_{suffix}"] = bound
            bounds.append(_bound(f"%({key}_{suffix})s", operator, bound))
    return RANGE.format(name=f"{key}_name", bounds=" AND ".join(bounds))


def _bound(placeholder: str, operator: str, bound: float | str) -> str:
    """Numbers, also those written as text, and dates. A day includes all its hours."""
    value = "e #>> '{}'"
    if isinstance(bound, str):
        moment = f"left({value}, length({placeholder}))" if operator == "<=" else f"({value})"
        return f"(jsonb_typeof(e) = 'string' AND {moment} COLLATE \"C\" {operator} {placeholder})"
    return (
        f"(CASE WHEN {value} ~ '[0-9]' AND pg_input_is_valid({value}, 'numeric')"
        f" THEN ({value})::numeric {operator} {placeholder} ELSE false END)"
    )
