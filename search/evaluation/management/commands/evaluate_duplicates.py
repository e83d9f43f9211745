"""Measures the duplicates that the product finds in a judged set: precision, recall and F1."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from search.duplicates.comparing.scan import scan
from search.evaluation.datasets import MatchDataset, load_match_dataset
from search.evaluation.management.report_command import ReportCommand
from search.evaluation.metrics import PairFigures
from search.evaluation.quality.duplicate_quality import DuplicateFigures, evaluate_calibrated, evaluate_pairs
from search.evaluation.scratch import scratch_collection
from search.models import EvaluationRun

LINES = {"flagged": "flagged", "suggested": "suggested", "before": "flagged_before_calibration"}


class Command(ReportCommand):
    help = "Measures the duplicates found in items.jsonl against matches.tsv of a folder, in a scratch collection."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--labels", type=int, default=0, metavar="N", help="Calibrate on N simulated decisions, which do not count."
        )

    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        dataset = load_match_dataset(folder)
        self.name_problems(dataset.problems)
        labels, is_quiet = options["labels"], options["json"]
        figures, seconds = self._measure(dataset, labels, is_quiet)
        report = {
            "dataset": dataset.name,
            "items": len(dataset.items),
            "matches": len(dataset.matches),
            "flagged": _rounded(figures.flagged),
            "suggested": _rounded(figures.suggested),
            "candidate_recall": round(figures.candidate_recall, 4),
            "seconds": round(seconds, 2),
        }
        if figures.before is not None:
            report["flagged_before_calibration"] = _rounded(figures.before)
        EvaluationRun.objects.create(dataset=dataset.name, configuration={"labels": labels}, figures=report)
        return report

    def _measure(self, dataset: MatchDataset, labels: int, is_quiet: bool) -> tuple[DuplicateFigures, float]:
        """The figures, and the seconds that the scan took after embedding."""
        policy = dataset.policy.model_dump(exclude_defaults=True)
        bar = tqdm(total=len(dataset.items), unit="item", desc="embedding", disable=is_quiet or None)
        with scratch_collection(
            dataset.items, on_progress=lambda done: bar.update(done - bar.n), duplicate_policy=policy
        ) as collection:
            bar.close()
            started = time.perf_counter()
            findings = scan(collection=collection)
            seconds = time.perf_counter() - started
            if findings is None:
                raise CommandError("The policy switches duplicates off: there is nothing to measure.")
            if labels:
                return evaluate_calibrated(collection, findings, dataset.matches, labels), seconds
            return evaluate_pairs(collection, findings, dataset.matches), seconds

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(
            f"{report['dataset']}: {report['items']} items, {report['matches']} true pairs,"
            f" {report['candidate_recall']:.1%} of them compared, {report['seconds']} s"
        )
        for title, name in LINES.items():
            if one := report.get(name):
                self.stdout.write(
                    f"{title:<10} precision {one['precision']:.4f}  recall {one['recall']:.4f}  F1 {one['f1']:.4f}"
                    f"  {one['pairs']} pairs"
                )
        if before := report.get("flagged_before_calibration"):
            self.stdout.write(
                f"Calibration changed F1 of the same pairs by {report['flagged']['f1'] - before['f1']:+.4f}."
            )


def _rounded(figures: PairFigures) -> dict[str, Any]:
    return {name: round(value, 4) for name, value in asdict(figures).items()}
