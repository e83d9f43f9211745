"""System checks of what Akin stands on: PostgreSQL and pgvector in versions without known faults."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.utils import OperationalError

POSTGRESQL = (16, 0)
PGVECTOR = (0, 8, 4)


def register_checks() -> None:
    """Database checks run with `migrate` and with `check --database default`."""
    register(check_versions, Tags.database)


def check_versions(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """akin.E001 for pgvector, akin.E002 for PostgreSQL."""
    problems: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_setting('server_version_num')::int,"
                    " (SELECT coalesce(e.extversion, a.default_version) FROM pg_available_extensions a"
                    "  LEFT JOIN pg_extension e ON e.extname = a.name WHERE a.name = 'vector')"
                )
                number, pgvector = cursor.fetchone()
        except OperationalError as error:
            problems.append(
                Error(f"The database does not answer: {error}", hint="Is DATABASE_URL right?", id="akin.E003")
            )
            continue
        problems += version_problems(postgresql=divmod(number, 10000), pgvector=pgvector)
    return problems


def version_problems(*, postgresql: tuple[int, int], pgvector: str | None) -> list[CheckMessage]:
    """What is wrong with these versions; `pgvector` is None when the server does not offer it."""
    problems: list[CheckMessage] = []
    if pgvector is None or _parsed(pgvector) < PGVECTOR:
        found = f"pgvector is {pgvector}" if pgvector else "The server has no pgvector"
        problems.append(
            Error(
                f"{found}; Akin needs {_shown(PGVECTOR)} or later.",
                hint="Earlier versions have faults in building and vacuuming HNSW indexes. Install it on the server "
                "and run: ALTER EXTENSION vector UPDATE",
                id="akin.E001",
            )
        )
    if postgresql < POSTGRESQL:
        problems.append(
            Error(
                f"PostgreSQL is {_shown(postgresql)}; Akin needs {_shown(POSTGRESQL)} or later.",
                hint="Point DATABASE_URL at a newer server, or unset it for the embedded one.",
                id="akin.E002",
            )
        )
    return problems


def _parsed(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
