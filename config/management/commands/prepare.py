"""Brings the database and the static files to this version; what every start needs once, before the processes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from catalog.models import Collection
from config import schema
from config.http import static_files


class Command(BaseCommand):
    help = "Migrates, collects the static files, and with --demo loads the demo catalog if there is no collection."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Load the demo catalog if there is no collection.")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        prepare(with_demo=demo)


def prepare(*, with_demo: bool) -> bool:
    """Returns whether the demo catalog has just been loaded.

    The marker stands while it loads, so that an interrupted first start is finished by the second.
    """
    schema.migrate()
    static_files.collect()
    marker = Path(settings.AKIN_DATA_DIR) / "demo.loading"
    if not with_demo or (Collection.objects.exists() and not marker.exists()):
        return False
    print("Loading the demo catalog", flush=True)
    marker.touch()
    call_command("load_demo")
    marker.unlink()
    return True
