"""The PostgreSQL server: does it answer, in which version, and does it keep what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from catalog.sessions import lasting_session
from config.doctor.findings import Finding, error, ok, warning
from config.partitions import are_as_asked
from config.watching.checks import check_versions

MAX_SKEW = timedelta(seconds=5)
SPARE_CONNECTIONS = 5  # for a person with psql, a backup, a metrics exporter
PROCESSES_BESIDE_WEB = 4  # embedding worker, jobs worker, beat, a command

# What loses committed data when the machine or the server dies.
DURABLE = {"fsync": "on", "full_page_writes": "on"}


def answers() -> Iterator[Finding]:
    """Whether there is a database at all."""
    version = _value("SELECT current_setting('server_version')")
    yield ok("database", f"PostgreSQL {version} answers.")


def versions() -> Iterator[Finding]:
    """PostgreSQL and pgvector without known faults."""
    for problem in check_versions(databases=[connection.alias]):
        yield error("versions", str(problem.msg), str(problem.hint))
    installed, offered = _row(
        "SELECT (SELECT extversion FROM pg_extension WHERE extname = 'vector'),"
        " (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')"
    )
    if installed is not None and installed != offered:
        yield warning(
            "versions",
            f"The database uses pgvector {installed}, the server has {offered}.",
            "In the database: ALTER EXTENSION vector UPDATE",
        )


def durability() -> Iterator[Finding]:
    """Settings with which a crash loses what was committed."""
    for name, wanted in DURABLE.items():
        found = _value("SELECT current_setting(%s)", name)
        if found != wanted:
            yield error(
                "durability",
                f"{name} is {found}: a crash may lose or damage what was committed.",
                f"ALTER SYSTEM SET {name} = {wanted}; then SELECT pg_reload_conf()",
            )
    if _value("SELECT current_setting('autovacuum')") != "on":
        yield warning(
            "durability",
            "autovacuum is off: dead rows stay, and the planner does not learn of new ones.",
            "ALTER SYSTEM SET autovacuum = on; then SELECT pg_reload_conf()",
        )


def archive() -> Iterator[Finding]:
    """Changes that should have been archived and were not: they stay on the disk, and no backup knows of them."""
    failing, name, failures = _row(
        "SELECT last_failed_time > coalesce(last_archived_time, '-infinity'), last_failed_wal, failed_count"
        " FROM pg_stat_archiver"
    )
    if failing:
        yield error(
            "archive",
            f"PostgreSQL cannot archive its changes: {name} failed, {failures:,} failures in all.",
            "Look at the archive's disk and owner, and at PostgreSQL's log; docs/backups.md.",
        )


def locale() -> Iterator[Finding]:
    """Whether letters beyond ASCII are letters: words are split and put into lower case by the database."""
    encoding = _value("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        yield error(
            "locale",
            f"The database is encoded as {encoding}.",
            "Make one with ENCODING 'UTF8' TEMPLATE template0, and restore a dump of this one into it.",
        )
    lowered, words = _row("SELECT lower('ÄÉЖ'), to_tsvector('simple', 'Zürich Жук')::text")
    if lowered != "äéж" or words != "'zürich':1 'жук':2":
        yield error(
            "locale",
            f"The database does not know letters beyond ASCII: it reads 'Zürich Жук' as {words}.",
            "Make a database with LOCALE 'C.UTF-8' TEMPLATE template0, and restore a dump of this one into it.",
        )


def clock() -> Iterator[Finding]:
    """Whether this machine and the server agree on the time: leases and retries compare both."""
    skew = abs(_value("SELECT clock_timestamp()") - timezone.now())
    if skew > MAX_SKEW:
        yield warning(
            "clock",
            f"This machine's clock and the database's differ by {skew.total_seconds():.0f} s.",
            "Let both follow a time server (chrony, systemd-timesyncd).",
        )


def connections() -> Iterator[Finding]:
    """Whether all processes together may ask for more connections than the server gives."""
    allowed, used = _row(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
    )
    if "DIRECT" in connection.settings_dict:
        yield ok("connections", f"{used} of {allowed} in use; the pooler bounds what Akin asks for.")
        return
    own = settings.AKIN_DATABASE_POOL or settings.WEB_THREADS + 1
    wanted = settings.WEB_PROCESSES * own + PROCESSES_BESIDE_WEB + SPARE_CONNECTIONS
    if wanted > allowed:
        yield warning(
            "connections",
            f"Akin may ask for {wanted} connections, the server gives {allowed}.",
            "Raise max_connections, or lower WEB_PROCESSES, WEB_THREADS or AKIN_DATABASE_POOL.",
        )
    else:
        yield ok("connections", f"{used} of {allowed} in use; Akin asks for at most {wanted}.")


def pooler() -> Iterator[Finding]:
    """Whether what needs a session of its own gets one."""
    if "DIRECT" not in connection.settings_dict:
        if _is_pooled(connection):
            yield error(
                "pooler",
                "Between Akin and PostgreSQL is a pooler: a lock that one process takes is held by another's session.",
                "Set DATABASE_DIRECT_URL to the address of PostgreSQL itself; docs/scaling.md.",
            )
        return
    with lasting_session() as session:
        (own,) = _row("SELECT pg_backend_pid()", of=session)
        if _is_pooled(session):
            yield error(
                "pooler",
                "DATABASE_DIRECT_URL leads to a pooler, too.",
                "Set it to the address of PostgreSQL itself; docs/scaling.md.",
            )
        elif not _value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND datname = current_database()", own):
            yield error(
                "pooler",
                "DATABASE_DIRECT_URL leads to another database than DATABASE_URL.",
                "Set it to the address of the PostgreSQL that the pooler asks.",
            )


def _is_pooled(session: BaseDatabaseWrapper) -> bool:
    """Whether somebody else answers than who opened the connection: poolers make numbers of processes up."""
    (answering,) = _row("SELECT pg_backend_pid()", of=session)
    return bool(session.connection.info.backend_pid != answering)


def migrations() -> Iterator[Finding]:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        yield error(
            "migrations",
            f"{len(missing)} migrations are not applied, the first is {first.app_label}.{first.name}.",
            "manage.py migrate",
        )


def partitions() -> Iterator[Finding]:
    """Tables that are not divided as the setting asks."""
    if settings.AKIN_PARTITIONS and not are_as_asked():
        yield warning(
            "partitions",
            f"Items and passages do not lie in {settings.AKIN_PARTITIONS} partitions each.",
            "manage.py partition, while nobody searches",
        )


def _row(sql: str, *parameters: Any, of: BaseDatabaseWrapper | None = None) -> tuple[Any, ...]:
    with (of or connection).cursor() as cursor:
        cursor.execute(sql, parameters or None)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _value(sql: str, *parameters: Any) -> Any:
    return _row(sql, *parameters)[0]
