"""A command that measures something and prints it, for people or as one JSON object."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.errors import CatalogError
from catalog.importing.report import Problem
from search.evaluation.datasets import LabelledDataset, load_labelled_dataset


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


class LabelledReportCommand(ReportCommand):
    """Takes items whose true value of an attribute is known."""

    attribute: str | None = None  # what is judged unless `--attribute` says another

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        help_text = "The attribute with the true values" + (f" (default {self.attribute})." if self.attribute else ".")
        parser.add_argument("--attribute", required=self.attribute is None, default=self.attribute, help=help_text)

    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        dataset = load_labelled_dataset(folder, options["attribute"])
        self.name_problems(dataset.problems)
        with tqdm(total=len(dataset.items), unit="item", desc="embedding", disable=options["json"] or None) as bar:
            figures = self.evaluate(dataset, lambda done: _move(bar, done))
        rounded = {name: round(value, 4) for name, value in asdict(figures).items()}
        return {"dataset": dataset.name, "items": len(dataset.items), **rounded}

    @abstractmethod
    def evaluate(self, dataset: LabelledDataset, on_progress: Callable[[int], None]) -> Any:
        """The figures, a dataclass of numbers; `on_progress` gets how many items are embedded."""


def _move(bar: Any, done: int) -> None:
    bar.update(done - bar.n)
