"""A search as a JSON body: typed filters that nest, strict about every key and type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from catalog.attributes.types import type_of
from catalog.cursors import MAX_CURSOR_LENGTH
from catalog.errors import InvalidInput
from catalog.models import Collection
from catalog.schemas import AttributeDefinition, AttributeName, Strict, Text, parse_attribute_schema
from search.errors import QueryTooLong
from search.retrieval.query.parameters import (
    DEFAULT_LIMIT,
    MAX_TERM_LENGTH,
    MAX_TERMS,
    Schema,
    offset_of,
    parse_sort,
)
from search.retrieval.query.topics import MAX_TOPICS, topic_filters
from search.retrieval.types import MAX_FACETS, MAX_LIMIT, MAX_QUERY_LENGTH, TOPIC, Filter, Group, Mode, SearchRequest

MAX_DEPTH: Final = 5  # groups in each other
MAX_CONDITIONS: Final = 100  # groups and attributes of one search
MAX_VALUES: Final = 200  # of all conditions together
GROUPS: Final = ("all", "any", "not")
CONDITIONS: Final = ("equals", "in", "has_any", "has_all", "gt", "gte", "lt", "lte", "prefix", "exists")

Value = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=MAX_TERM_LENGTH)]
Bound = StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=10)]
Values = Annotated[list[Value], Field(min_length=1, max_length=MAX_TERMS)]
Members = Annotated[list["FilterIn"], Field(min_length=1, max_length=MAX_TERMS)]

SHAPES: list[Any] = [
    *({"required": [name], "maxProperties": 1} for name in GROUPS),
    {"required": ["attribute"], "minProperties": 2, "not": {"anyOf": [{"required": [name]} for name in GROUPS]}},
]


class FilterIn(Strict):
    """Either one group of others, or an attribute with one condition or several, which then all have to hold."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"oneOf": SHAPES})

    all: Members = Field(default_factory=list, description="All of these hold.")
    any: Members = Field(default_factory=list, description="At least one of these holds.")
    not_: Members = Field(default_factory=list, alias="not", description="None of these holds.")
    attribute: AttributeName = Field(default="", description="An attribute of the collection's schema.")
    equals: Value = Field(default="", description="The value, or an element of a list.")
    in_: Values = Field(default_factory=list, alias="in", description="Any of these values.")
    has_any: Values = Field(default_factory=list, description="A list with any of these values.")
    has_all: Values = Field(default_factory=list, description="A list with all of these values.")
    gt: Bound = Field(default=0, description="Of numbers, and of dates as in 2026-03-31.")
    gte: Bound = 0
    lt: Bound = 0
    lte: Bound = 0
    prefix: Annotated[StrictStr, Field(min_length=1, max_length=MAX_TERM_LENGTH)] = Field(
        default="", description="What a text begins with."
    )
    exists: StrictBool = Field(default=True, description="Whether the item has the attribute.")

    def named(self) -> set[str]:
        """The keys that were sent, as they were sent."""
        return {name.rstrip("_") for name in self.model_fields_set}

    def values(self) -> list[Value]:
        given = {"equals": [self.equals], "in": self.in_, "has_any": self.has_any, "has_all": self.has_all}
        return [value for name, own in given.items() if name in self.named() for value in own]


class SearchIn(Strict):
    """The parameters of the search by GET, with filters that nest."""

    q: Annotated[Text, Field(description='What is looked for. "a phrase" must occur, -word must not.')] = ""
    mode: Mode = "hybrid"
    limit: Annotated[StrictInt, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(min_length=1, max_length=MAX_CURSOR_LENGTH)] | None = None
    facets: Annotated[list[AttributeName], Field(max_length=MAX_FACETS)] | None = None
    explain: StrictBool = False
    literal: StrictBool = Field(default=False, description="Whether numbers in the query are words and no conditions.")
    sort: Annotated[Text, Field(max_length=100, examples=["price:asc"])] = "relevance"
    topic: list[StrictInt] = Field(default=[], max_length=MAX_TOPICS, description="Any of these topics, by id.")
    count_topics: StrictBool = Field(default=False, description="Whether `topics` counts the hits of each.")
    filters: FilterIn | None = Field(
        default=None,
        examples=[{"all": [{"attribute": "brand", "in": ["Norrdal"]}, {"attribute": "price", "gte": 10, "lt": 100}]}],
    )


def request_of(collection: Collection, body: SearchIn) -> SearchRequest:
    """Raises InvalidInput that names the path, and QueryTooLong."""
    schema = parse_attribute_schema(collection.attribute_schema)
    text = body.q.strip()
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryTooLong(f"q has {len(text):,} characters, at most {MAX_QUERY_LENGTH:,} are allowed.")
    for name in body.facets or ():
        if name not in schema:
            raise _unknown("facets", name, schema)
    facets = tuple(name for name, one in schema.items() if one.facet) if body.facets is None else tuple(body.facets)
    filters, where = _Reader(schema).read(body.filters) if body.filters is not None else ((), None)
    try:
        sort = parse_sort(body.sort, schema)
    except ValueError as error:
        raise _invalid("sort", str(error)) from error
    request = SearchRequest(
        collection=collection,
        query_text=text,
        mode=body.mode,
        limit=body.limit,
        filters=(*filters, *topic_filters(collection, map(str, body.topic))),
        where=where,
        facets=tuple(dict.fromkeys(facets))[:MAX_FACETS] + (TOPIC,) * body.count_topics,
        explain=body.explain,
        sort=sort,
        is_literal=body.literal,
    )
    return request if body.cursor is None else replace(request, offset=offset_of(body.cursor, request))


class _Reader:
    """Turns one body's filters into conditions, and counts them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._conditions = self._values = 0

    def read(self, root: FilterIn) -> tuple[tuple[Filter, ...], Group | None]:
        """Conditions of the top that a GET could ask for count as its filters, so that facets are counted as there."""
        node = self._node(root, "filters", 1)
        members = node.members if isinstance(node, Group) and node.kind == "all" else (node,)
        plain: dict[str, Filter] = {}
        rest: list[Filter | Group] = []
        for member in members:
            if isinstance(member, Filter) and member.attribute not in plain:
                plain[member.attribute] = member
            else:
                rest.append(member)
        return tuple(plain.values()), Group("all", tuple(rest)) if rest else None

    def _node(self, node: FilterIn, path: str, depth: int) -> Filter | Group:
        named = node.named()
        groups = named & set(GROUPS)
        self._conditions += 1
        if depth > MAX_DEPTH:
            raise _invalid(path, f"is nested deeper than {MAX_DEPTH} groups")
        if self._conditions > MAX_CONDITIONS:
            raise _invalid("filters", f"has more than {MAX_CONDITIONS} conditions")
        if len(groups) != 1 or len(named) != 1:
            if groups or "attribute" not in named or len(named) < 2:
                raise _invalid(path, "must be one of all, any and not, or an attribute with conditions")
            return self._conditions_on(node, path)
        kind: Literal["all", "any", "not"] = "all" if "all" in groups else "any" if "any" in groups else "not"
        members = {"all": node.all, "any": node.any, "not": node.not_}[kind]
        return Group(
            kind, tuple(self._node(member, f"{path}.{kind}.{n}", depth + 1) for n, member in enumerate(members))
        )

    def _conditions_on(self, node: FilterIn, path: str) -> Filter | Group:
        if node.attribute not in self._schema:
            raise _unknown(f"{path}.attribute", node.attribute, self._schema)
        self._values += len(node.values())
        if self._values > MAX_VALUES:
            raise _invalid("filters", f"has more than {MAX_VALUES} values")
        parts = list(_parts(node, self._schema[node.attribute], path))
        return parts[0] if len(parts) == 1 else Group("all", tuple(parts))


def _parts(node: FilterIn, definition: AttributeDefinition, path: str) -> Iterator[Filter | Group]:
    """One condition for the values of each kind, and one for range, prefix and presence."""
    named = node.named()
    for name, values in (("equals", [node.equals]), ("in", node.in_), ("has_any", node.has_any)):
        if name in named:
            yield _any(node.attribute, _terms(values, definition, f"{path}.{name}"), definition)
    if "has_all" in named:
        every = _terms(node.has_all, definition, f"{path}.has_all")
        yield Group("all", tuple(_any(node.attribute, [term], definition) for term in every))
    bounds: dict[str, Any] = {
        field: _bound(getattr(node, name), definition, f"{path}.{name}")
        for name, field in (("gte", "minimum"), ("lte", "maximum"), ("gt", "above"), ("lt", "below"))
        if name in named
    }
    rest = Filter(node.attribute, **bounds)
    if "prefix" in named:
        if definition.type != "term" or "\x00" in node.prefix:
            raise _invalid(f"{path}.prefix", "is for attributes of type term, and must not contain the NUL character")
        rest = replace(rest, prefix=node.prefix)
    if "exists" in named:
        rest = replace(rest, exists=node.exists)
    if rest != Filter(node.attribute):
        yield rest


def _any(attribute: str, terms: Sequence[str], definition: AttributeDefinition) -> Filter | Group:
    """Dates are compared as days, whatever their hour."""
    if definition.type == "date":
        return Group("any", tuple(Filter(attribute, minimum=term, maximum=term) for term in terms))
    return Filter(attribute, terms=tuple(dict.fromkeys(terms)))


def _terms(values: Sequence[Value], definition: AttributeDefinition, path: str) -> list[str]:
    if definition.type != "term":
        return [_written(_bound(value, definition, path)) for value in values]
    for value in values:
        if not isinstance(value, str | bool):
            raise _invalid(path, "must be text, or true or false, because the attribute is of type term")
        if isinstance(value, str) and "\x00" in value:
            raise _invalid(path, "must not contain the NUL character")
    return [_written(value) for value in values]


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bound(value: Value, definition: AttributeDefinition, path: str) -> float | str:
    """A number or a day, as the attribute's type asks for."""
    if type_of(definition).is_numeric:
        if isinstance(value, bool | str):
            raise _invalid(path, "must be a number, because the attribute is of type number")
        return value
    if definition.type == "date":
        if isinstance(value, str) and len(value) == 10:
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                pass
        raise _invalid(path, 'must be a date as in "2026-03-31", because the attribute is of type date')
    raise _invalid(path, "is a range, which only attributes of type number or date have")


def _unknown(path: str, attribute: str, schema: Schema) -> InvalidInput:
    return _invalid(
        path, f"'{attribute}' is no attribute of this collection (there are: {', '.join(schema) or 'none'})"
    )


def _invalid(path: str, reason: str) -> InvalidInput:
    return InvalidInput(f"{path}: {reason}", [{"field": path, "reason": reason}])
