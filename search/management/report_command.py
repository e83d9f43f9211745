"""A command that measures something and prints it, for people or as one JSON object."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from catalog.importing.report import Problem


class ReportCommand(BaseCommand):
    """Takes a folder with a judged set. What is wrong with it ends the command with one line."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self.measure(options["folder"].resolve(), options)
        except CatalogError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self.show(report)

    @abstractmethod
    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        """The report, in the shape that `--json` prints."""

    @abstractmethod
    def show(self, report: dict[str, Any]) -> None:
        """Prints the report for people."""

    def name_problems(self, problems: Sequence[Problem]) -> None:
        for problem in problems:
            self.stderr.write(f"items.jsonl, line {problem.line} left out: {problem.reason}")
