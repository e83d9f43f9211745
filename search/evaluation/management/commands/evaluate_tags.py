"""Measures suggested values on items whose value is known: accuracy with no and with eight examples, calibration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from search.evaluation.datasets import LabelledDataset
from search.evaluation.management.report_command import LabelledReportCommand
from search.evaluation.quality.tag_quality import evaluate_tags


class Command(LabelledReportCommand):
    help = "Measures suggested values of an attribute on items.jsonl of a folder; the values are hidden first."

    def evaluate(self, dataset: LabelledDataset, on_progress: Callable[[int], None]) -> Any:
        return evaluate_tags(dataset, on_progress=on_progress)

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['dataset']}: {report['items']} items")
        self.stdout.write(
            f"right without examples {report['zero_shot']:.4f}, with eight of each value {report['few_shot_8']:.4f},"
            f" calibration error {report['ece']:.4f}"
        )
