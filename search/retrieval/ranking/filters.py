"""Conditions on attributes as SQL over `catalog_item i`, with every value bound as a parameter."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from psycopg.sql import Literal

from search.retrieval.types import TOPIC, Filter, Group


@dataclass(slots=True)
class Conditions:
    """SQL that starts with AND, or nothing, and the parameters it names."""

    sql: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


def conditions_of(filters: Sequence[Filter], where: Group | None = None) -> Conditions:
    """All filters must hold, and the group."""
    conditions = Conditions()
    for number, one in enumerate(filters):
        for sql in _clauses(one, f"filter{number}", conditions.parameters):
            conditions.sql += f" AND {sql}"
    if where is not None:
        conditions.sql += f" AND {_group(where, 'where', conditions.parameters)}"
    return conditions


def among(ids: Sequence[int]) -> Conditions:
    """That an item is one of these."""
    return Conditions(" AND i.id = ANY(%(among)s)", {"among": list(ids)})


def number_span(attributes: str, name: str) -> str:
    """SQL of the span of an attribute's numbers, by which a large collection has an index; one number costs little."""
    value = f"({attributes} -> {Literal(name).as_string(None)}::text)"
    return (
        f"(CASE jsonb_typeof({value}) WHEN 'number' THEN numrange({value}::numeric, {value}::numeric, '[]')"
        f" ELSE akin_number_span({value}) END)"
    )


def narrowed(conditions: Conditions, filters: Sequence[Filter]) -> Conditions:
    """The same, and what follows from the bounds of numbers: that the span of each overlaps with them.

    Only this has an index, and only where a collection is large.
    """
    found = Conditions(conditions.sql, dict(conditions.parameters))
    for number, one in enumerate(filters):
        bounds = [one.minimum if one.above is None else one.above, one.maximum if one.below is None else one.below]
        if not any(isinstance(bound, int | float) for bound in bounds):
            continue
        lower, upper = (None if bound is None else Decimal(str(bound)) for bound in bounds)
        if lower is not None and upper is not None and lower > upper:
            continue  # nothing is in there, and PostgreSQL knows no such range
        span = number_span("i.attributes", one.attribute).replace("%", "%%")
        found.sql += f" AND {span} && numrange(%(span{number}_from)s, %(span{number}_to)s, '[]')"
        found.parameters |= {f"span{number}_from": lower, f"span{number}_to": upper}
    return found


def _group(group: Group, key: str, parameters: dict[str, Any]) -> str:
    """No clause is ever NULL, so that `not` holds for items without the attribute."""
    parts = []
    for number, member in enumerate(group.members):
        own = f"{key}_{number}"
        if isinstance(member, Group):
            parts.append(_group(member, own, parameters))
        else:
            parts.append(f"({' AND '.join(_clauses(member, own, parameters))})")
    joined = (" AND " if group.kind == "all" else " OR ").join(parts)
    return f"NOT ({joined})" if group.kind == "not" else f"({joined})"


def _clauses(one: Filter, key: str, parameters: dict[str, Any]) -> Iterable[str]:
    if one.attribute == TOPIC:
        parameters[f"{key}_topics"] = [int(term) for term in one.terms]
        yield IN_TOPICS.format(topics=f"{key}_topics")
        return
    name = f"{key}_name"
    parameters[name] = one.attribute
    if one.terms:
        yield _any_of(one.attribute, one.terms, f"{key}_any", parameters)
    for number, term in enumerate(one.every):
        yield _any_of(one.attribute, [term], f"{key}_every{number}", parameters)
    if one.prefix is not None:
        parameters[f"{key}_prefix"] = one.prefix
        yield _one(name, [PREFIX.replace("{prefix}", f"{key}_prefix")])
    if one.exists is not None:
        known = f"coalesce(i.attributes -> %({name})s::text, 'null') NOT IN ('null', '[]', '\"\"')"
        yield known if one.exists else f"NOT ({known})"
    if bounds := _bounds(one, key, parameters):
        yield _one(name, bounds)


def _any_of(attribute: str, terms: Sequence[str], key: str, parameters: dict[str, Any]) -> str:
    """Containment, which the GIN index answers, for each term as a scalar and as an element of a list."""
    alternatives = []
    for number, value in enumerate(v for term in terms for v in _readings(term)):
        for shape, document in (("s", {attribute: value}), ("l", {attribute: [value]})):
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


# A coarse topic stands for all in it, unless some of these are chosen, too.
IN_TOPICS = """EXISTS (
    SELECT 1 FROM search_itemtopic t JOIN search_topic s ON s.id = t.topic_id WHERE t.item_id = i.id
    AND (s.id = ANY(%({topics})s) OR s.parent_id = ANY(%({topics})s) AND NOT EXISTS (
        SELECT 1 FROM search_topic o WHERE o.parent_id = s.parent_id AND o.id = ANY(%({topics})s))))"""

# One value, or one element of a list. Only for a list a subquery is started, which costs ten times a value's look.
ELEMENT = """CASE jsonb_typeof(i.attributes -> %({name})s::text) WHEN 'array' THEN EXISTS (
        SELECT 1 FROM jsonb_array_elements(i.attributes -> %({name})s::text) AS element(e) WHERE {of_element})
    ELSE coalesce({of_value}, false) END"""

PREFIX = "jsonb_typeof({e}) = 'string' AND starts_with({e} #>> '{}', %({prefix})s::text)"


def _one(name: str, conditions: Sequence[str]) -> str:
    """That the attribute, or one element of it, meets all of the conditions, in which it is called {e}."""
    all_of = " AND ".join(conditions)
    value = f"(i.attributes -> %({name})s::text)"
    return ELEMENT.format(
        name=name, of_element=all_of.replace("{e}", "e"), of_value=f"({all_of.replace('{e}', value)})"
    )


def _bounds(one: Filter, key: str, parameters: dict[str, Any]) -> list[str]:
    """What one element has to be between; a value of another kind is outside every range."""
    bounds = []
    for bound, operator, suffix in (
        (one.minimum, ">=", "min"),
        (one.maximum, "<=", "max"),
        (one.above, ">", "above"),
        (one.below, "<", "below"),
    ):
        if bound is not None:
            parameters[f"{key}_{suffix}"] = bound if isinstance(bound, str) else Decimal(str(bound))
            bounds.append(_bound(f"%({key}_{suffix})s", operator, bound))
    return bounds


def _bound(placeholder: str, operator: str, bound: float | str) -> str:
    """Numbers, also those written as text, and dates. A day includes all its hours."""
    value = "({e} #>> '{}')"
    if isinstance(bound, str):
        moment = f"left({value}, length({placeholder}))" if operator in {"<=", ">"} else value
        return f"(jsonb_typeof({{e}}) = 'string' AND {moment} COLLATE \"C\" {operator} {placeholder})"
    return (
        f"(CASE WHEN jsonb_typeof({{e}}) = 'number' THEN ({{e}})::numeric {operator} {placeholder}"
        f" WHEN {value} ~ '[0-9]' AND pg_input_is_valid({value}, 'numeric')"
        f" THEN {value}::numeric {operator} {placeholder} ELSE false END)"
    )
