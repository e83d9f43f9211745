"""Where the time of a search goes: the encoder, each statement, Python around them, and the way through HTTP."""

from __future__ import annotations

import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection

from catalog.models import Collection
from search.embedding.query_vectors import query_vector
from search.embedding.spaces.lifecycle import active_space
from search.evaluation.speed.benchmark import NUM_FACETS, asking
from search.retrieval.query.parsing import parse_query
from search.retrieval.search import search
from search.retrieval.types import SearchRequest

OWN_PACKAGES = ("catalog.", "search.")
Ask = Callable[[str], None]


@dataclass(slots=True)
class Statements:
    """Seconds and calls of statements, by the function that asked. Wraps what runs them."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        name = _asker()
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds[name] += time.perf_counter() - started
            self.calls[name] += 1


def _asker() -> str:
    """The nearest function of Akin's own on the stack, past this module."""
    for frame, _ in traceback.walk_stack(None):
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(OWN_PACKAGES) and module != __name__:
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name}"
    return "unknown"


def profile(collection: Collection, queries: Sequence[str], url: str | None = None) -> dict[str, Any]:
    """Milliseconds of a hybrid search with facets, on average of the queries, which must be new to this process.

    What is left of the function beside encoder and statements is Python. With a running server's `url` the same
    queries are asked through HTTP as well, and what that takes beyond the function is transport.
    """
    opened: AbstractContextManager[Ask | None] = asking(collection, url) if url else nullcontext(None)
    with opened as ask:
        _once(collection, f"{queries[0]} warm", Statements())  # statements are prepared, words remembered
        statements = Statements()
        taken = [_once(collection, query, statements) for query in queries]
        through_http = [_seconds(partial(ask, query)) for query in queries] if ask else []
    count = len(queries)
    encoder, function = (sum(column) / count for column in zip(*taken, strict=True))
    in_statements = sum(statements.seconds.values()) / count
    figures: dict[str, Any] = {
        "queries": count,
        "encoder_ms": _ms(encoder),
        "statements": _shares(statements, count),
        "statements_ms": _ms(in_statements),
        "python_ms": _ms(function - in_statements),
        "function_ms": _ms(encoder + function),
    }
    if through_http:
        http = sum(through_http) / count
        figures |= {"http_ms": _ms(http), "transport_ms": _ms(http - encoder - function)}
    return figures


def _once(collection: Collection, query: str, statements: Statements) -> tuple[float, float]:
    """Seconds of the encoder, and of the search once the query's vector is in memory."""
    facets = tuple(collection.attribute_schema)[:NUM_FACETS]
    space = active_space()
    encoder = _seconds(lambda: query_vector(space, parse_query(query).text))
    with connection.execute_wrapper(statements):
        return encoder, _seconds(lambda: search(SearchRequest(collection, query, facets=facets)))


def _shares(statements: Statements, count: int) -> dict[str, dict[str, float]]:
    """The dearest first."""
    names = sorted(statements.seconds, key=lambda name: -statements.seconds[name])
    return {
        name: {"ms": _ms(statements.seconds[name] / count), "calls": round(statements.calls[name] / count, 2)}
        for name in names
    }


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def _ms(seconds: float) -> float:
    return round(seconds * 1_000, 2)
