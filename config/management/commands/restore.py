"""Makes the embedded PostgreSQL from a backup."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.embedded import EmbeddedServiceError, Layout, restoring


def moment(text: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no time like 2026-11-27T14:30:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


class Command(BaseCommand):
    help = "Makes the PostgreSQL of an empty data directory from the newest backup in DIR, and what was archived since."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="The folder of backups, or one of them.")
        parser.add_argument("--until", type=moment, metavar="TIME", help="No change after it; UTC unless it says else.")

    def handle(self, *args: Any, **options: Any) -> None:
        if "postgres" not in settings.EMBEDDED_SERVICES:
            raise CommandError(
                "DATABASE_URL names a server of your own, which has backups of its own: docs/backups.md."
            )
        try:
            restored = restoring.restore(Layout(settings.AKIN_DATA_DIR), options["folder"], until=options["until"])
        except EmbeddedServiceError as error:
            raise CommandError(str(error)) from error
        change = restored.last_change
        self.stdout.write(
            f"{settings.AKIN_DATA_DIR} is as {restored.backup.folder} was"
            + (f", with what changed until {change.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC." if change else ".")
        )
        self.stdout.write("`make run` starts it. To archive its changes: manage.py backup DIR --archive")
