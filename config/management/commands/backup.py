"""Backs up the embedded PostgreSQL while Akin runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.embedded import EmbeddedServiceError, Layout, backups


class Command(BaseCommand):
    help = "Copies the embedded PostgreSQL, whole and verified, into a new folder of DIR. Akin goes on meanwhile."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="Best on another disk.")
        parser.add_argument("--keep", type=int, metavar="N", help="Remove all but the newest N backups.")
        changes = parser.add_mutually_exclusive_group()
        changes.add_argument("--archive", action="store_true", help="From now on archive every change in DIR/wal, too.")
        changes.add_argument("--no-archive", action="store_true", help="No longer archive changes.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"].resolve()
        keep: int | None = options["keep"]
        if keep is not None and keep < 1:
            raise CommandError(f"--keep is {keep}; at least one backup is kept.")
        if "postgres" not in settings.EMBEDDED_SERVICES:
            raise CommandError(
                "DATABASE_URL names a server of your own, which has backups of its own: docs/backups.md."
            )
        layout = Layout(settings.AKIN_DATA_DIR)
        try:
            if options["archive"] or options["no_archive"]:
                backups.archive_changes(layout, folder if options["archive"] else None)
            backup = backups.take(layout, folder, shows_progress=sys.stderr.isatty())
            old = backups.remove_old(folder, keep=keep) if keep else []
        except EmbeddedServiceError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{backup.folder}: {backup.size:,} bytes, verified. {len(old)} older removed.")
        self.stdout.write(f"Into an empty data directory: AKIN_DATA_DIR=… manage.py restore {folder}")
