"""Brings the database's tables to this version, one process at a time."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from catalog import locks


def migrate() -> None:
    """Applies what is missing. Others that want the same wait, and then find nothing to do."""
    with locks.awaited(locks.Lock.MIGRATION):
        if _is_behind():
            call_command("migrate", interactive=False, verbosity=0)


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
