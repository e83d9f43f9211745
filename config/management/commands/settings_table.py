"""Writes the table of settings in docs/settings.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.settings_table import SETTINGS_PAGE, with_table


class Command(BaseCommand):
    help = "Writes the table in docs/settings.md from the code that reads the settings."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        SETTINGS_PAGE.write_text(with_table(SETTINGS_PAGE.read_text()))
        self.stdout.write(f"Wrote {SETTINGS_PAGE}")
