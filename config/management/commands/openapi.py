"""Writes the API's description to docs/openapi.json, or checks that what lies there still holds."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.api import api

PATH = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"
PREFIX = "/api/v1/"


class Command(BaseCommand):
    help = "Writes docs/openapi.json from the code; with --check fails when the file differs from the code."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing, fail when the file differs.")
        parser.add_argument("--path", type=Path, default=PATH, help="The file, docs/openapi.json by default.")

    def handle(self, *args: Any, check: bool, path: Path, **options: Any) -> None:
        text = description()
        if not check:
            path.write_text(text)
            self.stdout.write(f"Wrote {path}")
        elif not path.exists() or path.read_text() != text:
            raise CommandError(f"{path} differs from the code. Run: manage.py openapi")


def description() -> str:
    """The OpenAPI document as text that is the same on every machine."""
    schema = api.get_openapi_schema(path_prefix=PREFIX)
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
