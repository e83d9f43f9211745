"""The query parameters of a search, read in one place for the page and the API.

    q, mode, limit, cursor, explain=1, facets=a,b, literal=1, topic=12 (repeated: any of them), count_topics=1
    sort=relevance|newest|<attribute>:asc|<attribute>:desc
    filter.<attribute>=value                  repeated: any of the values
    filter.<attribute>.gte= / .lte=           a number, or an ISO date for date attributes
    filter.<attribute>.exists=true|false

An empty value counts as not given, as plain HTML forms send it. Names outside this grammar are ignored here; the API
refuses them before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final, TypeVar

from django.utils.datastructures import MultiValueDict

from catalog.attributes.numbers import read_typed
from catalog.attributes.types import facet_kind, type_of
from catalog.cursors import cursor_of, fingerprint, position_of
from catalog.errors import InvalidInput
from catalog.models import Collection
from catalog.schemas import AttributeDefinition, parse_attribute_schema
from search.errors import QueryTooLong
from search.retrieval.query import topics
from search.retrieval.types import (
    MAX_FACETS,
    MAX_FILTERS,
    MAX_LIMIT,
    MAX_QUERY_LENGTH,
    MODES,
    TOPIC,
    Filter,
    Mode,
    SearchRequest,
    Sort,
)

DEFAULT_LIMIT: Final = 10
MAX_OFFSET: Final = 1_000  # hits
MAX_TERMS: Final = 50  # values of one filter
MAX_TERM_LENGTH: Final = 500  # characters
FILTER_PREFIX: Final = "filter."
BOOLEANS: Final = {"1": True, "true": True, "0": False, "false": False}

Schema = Mapping[str, AttributeDefinition]
Parameters = MultiValueDict[str, str]
Value = TypeVar("Value")


def parse_search(collection: Collection, params: Parameters) -> SearchRequest:
    """Raises InvalidInput that names the parameter, and QueryTooLong."""
    schema = parse_attribute_schema(collection.attribute_schema)
    request = SearchRequest(
        collection=collection,
        query_text=_query_text(params),
        mode=_read(params, "mode", _mode, "hybrid"),
        limit=_read(params, "limit", _limit, DEFAULT_LIMIT),
        filters=(*_filters(params, schema), *topics.topic_filters(collection, params.getlist(topics.PARAMETER))),
        facets=_facets(params, schema) + (TOPIC,) * _read(params, "count_topics", _boolean, False),
        explain=_read(params, "explain", _boolean, False),
        sort=_read(params, "sort", lambda text: parse_sort(text, schema), None),
        is_literal=_read(params, "literal", _boolean, False),
    )
    cursor = (params.get("cursor") or "").strip()
    return replace(request, offset=offset_of(cursor, request)) if cursor else request


def offset_of(cursor: str, request: SearchRequest) -> int:
    """Where the answer to the request goes on. Raises InvalidInput for what `next_cursor` did not give for it."""
    offset = int(position_of(cursor, _question(request)))
    if offset > MAX_OFFSET:
        raise _invalid("cursor", f"goes beyond the first {MAX_OFFSET:,} hits; narrow the search instead")
    return offset


def next_cursor(request: SearchRequest, next_offset: int | None) -> str | None:
    """The opaque form of where the answer to the request goes on, if it does."""
    return None if next_offset is None else cursor_of(next_offset, _question(request))


def _question(request: SearchRequest) -> str:
    """What a cursor belongs to: what is found and in which order, not what is told of it."""
    asked = (request.query_text, request.mode, request.filters, request.where, request.sort, request.is_literal)
    return fingerprint("search", request.collection.pk, *asked)


def _query_text(params: Parameters) -> str:
    text = (params.get("q") or "").strip()
    if len(text) > MAX_QUERY_LENGTH:
        reason = f"has {len(text):,} characters, at most {MAX_QUERY_LENGTH:,} are allowed"
        raise QueryTooLong(f"q: {reason}", [{"field": "q", "reason": reason}])
    if "\x00" in text:
        raise _invalid("q", "must not contain the NUL character")
    return text


def _read(params: Parameters, name: str, parse: Callable[[str], Value], default: Value) -> Value:
    text = (params.get(name) or "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except ValueError as error:
        raise _invalid(name, str(error)) from error


def _mode(text: str) -> Mode:
    for mode in MODES:
        if text == mode:
            return mode
    raise ValueError(f"must be one of {', '.join(MODES)}")


def _limit(text: str) -> int:
    if not _is_whole(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise ValueError(f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in BOOLEANS:
        raise ValueError("must be true or false")
    return BOOLEANS[text.lower()]


def parse_sort(text: str, schema: Schema) -> Sort | None:
    """None is by relevance. Raises ValueError."""
    if text == "relevance":
        return None
    if text == "newest":
        return Sort()
    attribute, _, direction = text.rpartition(":")
    if direction not in {"asc", "desc"}:
        raise ValueError("must be relevance, newest, or an attribute with :asc or :desc")
    definition = schema.get(attribute)
    if definition is None or facet_kind(definition) != "range":
        sortable = ", ".join(name for name, one in schema.items() if facet_kind(one) == "range") or "none"
        raise ValueError(f"'{attribute}' is no attribute of type number or date (there are: {sortable})")
    return Sort(attribute, "number" if _is_numeric(definition) else "date", is_descending=direction == "desc")


def _number(text: str, read: Callable[[str], float] = float) -> float:
    try:
        number = read(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("must be a number")
    return number


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text if len(text) == 10 else "").isoformat()
    except ValueError as error:
        raise ValueError("must be a date as in 2026-03-31") from error


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _facets(params: Parameters, schema: Schema) -> tuple[str, ...]:
    if "facets" not in params:
        return tuple(name for name, definition in schema.items() if definition.facet)[:MAX_FACETS]
    names = [name.strip() for text in params.getlist("facets") for name in text.split(",")]
    facets = tuple(dict.fromkeys(name for name in names if name))
    for name in facets:
        _definition("facets", name, schema)
    if len(facets) > MAX_FACETS:
        raise _invalid("facets", f"names {len(facets)} attributes, at most {MAX_FACETS} are allowed")
    return facets


def _filters(params: Parameters, schema: Schema) -> tuple[Filter, ...]:
    filters: dict[str, Filter] = {}
    for parameter in params:
        values = [text.strip() for text in params.getlist(parameter) if text.strip()]
        if not parameter.startswith(FILTER_PREFIX) or not values:
            continue
        attribute, _, condition = parameter.removeprefix(FILTER_PREFIX).partition(".")
        definition = _definition(parameter, attribute, schema)
        before = filters.get(attribute, Filter(attribute))
        try:
            filters[attribute] = _with_condition(before, condition, values, definition)
        except ValueError as error:
            raise _invalid(parameter, str(error)) from error
    if len(filters) > MAX_FILTERS:
        raise _invalid("filter", f"names {len(filters)} attributes, at most {MAX_FILTERS} are allowed")
    for found in filters.values():
        _check_range(found)
    return tuple(filters.values())


def _with_condition(before: Filter, condition: str, values: list[str], definition: AttributeDefinition) -> Filter:
    match condition:
        case "":
            return replace(before, terms=_terms(values, definition))
        case "gte":
            return replace(before, minimum=_bound(values[-1], definition))
        case "lte":
            return replace(before, maximum=_bound(values[-1], definition))
        case "exists":
            return replace(before, exists=_boolean(values[-1]))
    raise ValueError("must end in the attribute's name, .gte, .lte or .exists")


def _terms(values: list[str], definition: AttributeDefinition) -> tuple[str, ...]:
    terms = tuple(dict.fromkeys(values))
    if len(terms) > MAX_TERMS:
        raise ValueError(f"has {len(terms)} values, at most {MAX_TERMS} are allowed")
    for term in terms:
        if len(term) > MAX_TERM_LENGTH or "\x00" in term:
            raise ValueError(f"must be plain text of at most {MAX_TERM_LENGTH} characters")
        if _is_numeric(definition):
            _number(term)
    return terms


def _bound(text: str, definition: AttributeDefinition) -> float | str:
    if facet_kind(definition) != "range":
        raise ValueError("is a range, which only attributes of type number or date have")
    return _number(text, lambda one: read_typed(one, definition.decimal)) if _is_numeric(definition) else _date(text)


def _is_numeric(definition: AttributeDefinition) -> bool:
    return type_of(definition).is_numeric


def _check_range(found: Filter) -> None:
    low, high = found.minimum, found.maximum
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise _invalid(f"{FILTER_PREFIX}{found.attribute}.gte", "is larger than the upper end of the range")


def _definition(parameter: str, attribute: str, schema: Schema) -> AttributeDefinition:
    if attribute not in schema:
        known = ", ".join(schema) or "none"
        raise _invalid(parameter, f"'{attribute}' is no attribute of this collection (there are: {known})")
    return schema[attribute]


def _invalid(parameter: str, reason: str) -> InvalidInput:
    return InvalidInput(f"{parameter}: {reason}", [{"field": parameter, "reason": reason}])
