"""Measures how well wrongly filed items are found: errors are planted, and the suggestions compared with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from search.evaluation.datasets import LabelledDataset
from search.evaluation.management.report_command import LabelledReportCommand
from search.evaluation.quality.misfiled_quality import evaluate_misfiled


class Command(LabelledReportCommand):
    help = "Plants errors in an attribute of items.jsonl of a folder, and measures which of them are found."

    def evaluate(self, dataset: LabelledDataset, on_progress: Callable[[int], None]) -> Any:
        return evaluate_misfiled(dataset, on_progress=on_progress)

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['dataset']}: {report['items']} items")
        self.stdout.write(
            f"{report['planted']} errors planted, {report['suggested']} items suggested:"
            f" recall {report['recall']:.4f}, precision {report['precision']:.4f}"
        )
