"""All that is looked at, in an order in which a cause comes before what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from config.doctor import indexes, processes, server, surroundings, vectors
from config.doctor.findings import Finding, error, ok

Examine = Callable[[], Iterable[Finding]]

BEFORE_DATABASE: dict[str, Examine] = {
    "settings": surroundings.settings_of_production,
    "disk": surroundings.disk,
    "redis": surroundings.redis,
}
OF_DATABASE: dict[str, Examine] = {
    "versions": server.versions,
    "durability": server.durability,
    "archive": server.archive,
    "locale": server.locale,
    "clock": server.clock,
    "connections": server.connections,
    "pooler": server.pooler,
    "migrations": server.migrations,
    "partitions": server.partitions,
    "triggers": vectors.triggers,
    "spaces": vectors.spaces,
    "encoder": vectors.encoder,
    "dimensions": vectors.dimensions,
    "orphans": vectors.orphans,
    "embeddings": vectors.embeddings,
    "indexes": indexes.validity,
    "dead rows": indexes.dead_rows,
    "bloat": indexes.bloat,
    "workers": processes.workers,
    "runs": processes.runs,
}


def examine() -> Iterator[Finding]:
    """Every finding as soon as it is known. What cannot be examined is an error itself."""
    yield from _all(BEFORE_DATABASE)
    answer = list(_examined("database", server.answers))
    yield from answer
    if all(finding.level != "error" for finding in answer):
        yield from _all(OF_DATABASE)


def _all(examinations: dict[str, Examine]) -> Iterator[Finding]:
    for about, look in examinations.items():
        yield from _examined(about, look)


def _examined(about: str, look: Examine) -> Iterator[Finding]:
    try:
        findings = list(look())
    except (DatabaseError, InterfaceError, RedisError, OSError) as problem:
        message = " ".join(str(problem).split()) or type(problem).__name__
        yield error(about, f"It cannot be examined: {message}", "Mend what is named above first; the log says more.")
        return
    yield from findings or [ok(about, "Nothing wrong.")]
