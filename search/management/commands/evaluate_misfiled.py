"""Measures how well wrongly filed items are found: errors are planted, and the suggestions compared with them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from search.evaluation.datasets import load_labelled_dataset
from search.evaluation.quality.misfiled_quality import evaluate_misfiled
from search.management.report_command import ReportCommand


class Command(ReportCommand):
    help = "Plants errors in an attribute of items.jsonl of a folder, and measures which of them are found."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--attribute", required=True, help="The attribute whose values are judged.")

    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        dataset = load_labelled_dataset(folder, options["attribute"])
        self.name_problems(dataset.problems)
        with tqdm(total=len(dataset.items), unit="item", desc="embedding", disable=options["json"] or None) as bar:
            figures = evaluate_misfiled(dataset, on_progress=lambda done: bar.update(done - bar.n))
        return {
            "dataset": dataset.name,
            "items": len(dataset.items),
            **{name: round(value, 4) for name, value in asdict(figures).items()},
        }

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['dataset']}: {report['items']} items")
        self.stdout.write(
            f"{report['planted']} errors planted, {report['suggested']} items suggested:"
            f" recall {report['recall']:.4f}, precision {report['precision']:.4f}"
        )
