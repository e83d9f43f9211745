"""The plans that PostgreSQL makes for the statements of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def plans(about: str) -> Iterator[list[str]]:
    """Collects the plans of the queries about `about` that are run meanwhile, explained under the same settings."""
    collected: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        settings, mark, query = sql.rpartition("; ")
        if about in query and query.lstrip().upper().startswith(("SELECT", "WITH")):
            with connection.cursor() as cursor:
                cursor.execute(f"{settings}{mark}EXPLAIN {query}", params)
                while cursor.nextset():
                    pass
                collected.append("\n".join(row[0] for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield collected


def plans_of(ask: Callable[[], Any], about: str) -> list[str]:
    """The plans of what `ask` runs."""
    with plans(about) as collected:
        ask()
    return collected
