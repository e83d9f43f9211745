"""Refuses query parameters that an operation of the API does not know: a slip of the pen must not widen an answer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from ninja.operation import Operation

from catalog.errors import InvalidInput

Run = Callable[..., HttpResponseBase]


def strict(run: Run) -> Run:
    """Wraps an operation's `run`, whose signature and description say what it knows."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    known = frozenset(query_names(operation))
    beginnings = tuple(name.partition("{")[0] for name in known if "{" in name)

    @functools.wraps(run)
    def answer(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        unknown = [name for name in request.GET if name not in known and not name.startswith(beginnings)]
        if unknown:
            return operation.api.on_exception(request, _refusal(unknown, known))
        return run(request, *args, **options)

    return answer


def query_names(operation: Operation) -> Iterable[str]:
    """Of the function's signature and of what is described by hand; `filter.{attribute}` stands for any attribute."""
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            yield from model.__ninja_flatten_map__
    for parameter in (operation.openapi_extra or {}).get("parameters", ()):
        yield parameter["name"]


def _refusal(unknown: list[str], known: Iterable[str]) -> InvalidInput:
    problems = [{"field": name[:100], "reason": _reason(name, known)} for name in unknown[:20]]
    return InvalidInput("; ".join(f"{one['field']}: {one['reason']}" for one in problems), problems)


def _reason(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name[:100], sorted(known), n=1)
    return f"unknown parameter; did you mean '{near[0]}'?" if near else "unknown parameter"
