"""Measures topics on items whose true topic is known: agreement, items without a topic, stability."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from search.evaluation.datasets import load_labelled_dataset
from search.evaluation.quality.topic_quality import evaluate_topics
from search.management.report_command import ReportCommand


class Command(ReportCommand):
    help = "Measures topics on items.jsonl of a folder, against an attribute that the topics do not see."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--attribute", default="topic", help="The attribute with the true topic (default topic).")

    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        dataset = load_labelled_dataset(folder, options["attribute"])
        self.name_problems(dataset.problems)
        with tqdm(total=len(dataset.items), unit="item", desc="embedding", disable=options["json"] or None) as bar:
            figures = evaluate_topics(dataset, on_progress=lambda done: bar.update(done - bar.n))
        return {
            "dataset": dataset.name,
            "items": len(dataset.items),
            **{name: round(value, 4) for name, value in asdict(figures).items()},
        }

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['dataset']}: {report['items']} items in {report['coarse']} coarse topics")
        self.stdout.write(
            f"NMI at the set's own number {report['nmi']:.4f}, without a topic {report['unassigned']:.2%},"
            f" kept after a tenth more items {report['stability']:.2%}"
        )
