"""Measures suggested values on items whose value is known: accuracy with no and with eight examples, calibration."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from search.evaluation.datasets import load_labelled_dataset
from search.evaluation.quality.tag_quality import evaluate_tags
from search.management.report_command import ReportCommand


class Command(ReportCommand):
    help = "Measures suggested values of an attribute on items.jsonl of a folder; the values are hidden first."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--attribute", required=True, help="The attribute whose values are judged.")

    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        dataset = load_labelled_dataset(folder, options["attribute"])
        self.name_problems(dataset.problems)
        with tqdm(total=len(dataset.items), unit="item", desc="embedding", disable=options["json"] or None) as bar:
            figures = evaluate_tags(dataset, on_progress=lambda done: bar.update(done - bar.n))
        return {
            "dataset": dataset.name,
            "items": len(dataset.items),
            **{name: round(value, 4) for name, value in asdict(figures).items()},
        }

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['dataset']}: {report['items']} items")
        self.stdout.write(
            f"right without examples {report['zero_shot']:.4f}, with eight of each value {report['few_shot_8']:.4f},"
            f" calibration error {report['ece']:.4f}"
        )
