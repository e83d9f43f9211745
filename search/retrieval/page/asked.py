"""What the address of a search page asks beside the search: pages, orders, and names that mean nothing here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from catalog.attributes.types import type_of
from catalog.errors import InvalidInput
from catalog.pages.facts import label_of
from catalog.schemas import AttributeDefinition
from search.errors import QueryTooLong
from search.retrieval.page.links import is_filter
from search.retrieval.query import topics
from search.retrieval.query.parameters import FILTER_PREFIX, Parameters

KNOWN: Final = ("q", "mode", "sort", "literal", "page", "upto")  # beside what narrows the answer
ORDERS: Final = {True: ("lowest first", "highest first"), False: ("oldest first", "newest first")}  # by is_numeric


def refuse_unknown(params: Parameters) -> None:
    """Raises InvalidInput that names what no search page knows: a slip must not widen an answer."""
    unknown = [name for name in params if name not in KNOWN and not is_filter(name)]
    if unknown:
        reason = "is no parameter of this page"
        problems = [{"field": name[:100], "reason": reason} for name in unknown[:20]]
        raise InvalidInput("; ".join(f"{p['field']}: {reason}" for p in problems), problems)


def whole_number(params: Parameters, name: str, most: int) -> int | None:
    """None where none is given. Raises InvalidInput."""
    text = (params.get(name) or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        reason = f"must be a whole number from 1 to {most}"
        raise InvalidInput(f"{name}: {reason}", [{"field": name, "reason": reason}])
    return int(text)


def faulty_filters(error: InvalidInput | QueryTooLong, params: Parameters) -> list[str]:
    """The parameters of the filters that the error is about; none where it is about anything else, too."""
    fields = [str(problem.get("field", "")) for problem in error.details or [] if isinstance(problem, dict)]
    if not fields or not all(is_filter(name) for name in fields):
        return []
    stems = {_stem(name) for name in fields}
    return [name for name in params if any(name == stem or name.startswith(f"{stem}.") for stem in stems)]


def _stem(name: str) -> str:
    return name if name == topics.PARAMETER else FILTER_PREFIX + name.removeprefix(FILTER_PREFIX).partition(".")[0]


def without(params: Parameters, names: Collection[str]) -> Parameters:
    rest = params.copy()
    for name in names:
        del rest[name]
    return rest


def sorts_of(schema: Mapping[str, AttributeDefinition]) -> list[tuple[str, str]]:
    """Relevance, newest, and each number and date both ways."""
    found = [("relevance", "relevance"), ("newest", "newest in the catalog")]
    for name, definition in schema.items():
        kind = type_of(definition)
        if kind.facet_kind == "range":
            words = zip(("asc", "desc"), ORDERS[kind.is_numeric], strict=True)
            found += [(f"{name}:{way}", f"{label_of(name, schema)}, {text}") for way, text in words]
    return found
