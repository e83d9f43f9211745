"""Measures topics on items whose true topic is known: agreement, items without a topic, stability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from search.evaluation.datasets import LabelledDataset
from search.evaluation.management.report_command import LabelledReportCommand
from search.evaluation.quality.topic_quality import evaluate_topics


class Command(LabelledReportCommand):
    help = "Measures topics on items.jsonl of a folder, against an attribute that the topics do not see."
    attribute = "topic"

    def evaluate(self, dataset: LabelledDataset, on_progress: Callable[[int], None]) -> Any:
        return evaluate_topics(dataset, on_progress=on_progress)

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['dataset']}: {report['items']} items in {report['coarse']} coarse topics")
        self.stdout.write(
            f"NMI at the set's own number {report['nmi']:.4f}, without a topic {report['unassigned']:.2%},"
            f" kept after a tenth more items {report['stability']:.2%}"
        )
