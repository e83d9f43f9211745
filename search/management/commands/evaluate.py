"""Measures search on a judged set: nDCG@10, recall@100, MRR@10 and latency of every mode."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.errors import CatalogError
from search.evaluation.datasets import load_search_dataset
from search.evaluation.scratch import scratch_collection
from search.evaluation.search_quality import ModeFigures, evaluate_search
from search.models import EvaluationRun


class Command(BaseCommand):
    help = "Measures search on items.jsonl, queries.jsonl and qrels.tsv of a folder, in a scratch collection."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")
        parser.add_argument("--language", default="english", help="Text search configuration (default english).")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._evaluate(options["folder"].resolve(), options["language"], options["json"])
        except CatalogError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self._print(report)

    def _evaluate(self, folder: Path, language: str, is_quiet: bool) -> dict[str, Any]:
        dataset = load_search_dataset(folder)
        for problem in dataset.problems:
            self.stderr.write(f"items.jsonl, line {problem.line} left out: {problem.reason}")
        bar = tqdm(total=len(dataset.items), unit="item", desc="embedding", disable=is_quiet or None)
        with scratch_collection(
            dataset.items, on_progress=lambda done: _advance(bar, done), language=language
        ) as collection:
            bar.close()
            figures = evaluate_search(collection, dataset.queries)
        report: dict[str, Any] = {
            "dataset": dataset.name,
            "items": len(dataset.items),
            "queries": sum(1 for query in dataset.queries if any(g > 0 for g in query.grades.values())),
            "modes": {mode: _rounded(one) for mode, one in figures.items()},
        }
        EvaluationRun.objects.create(
            dataset=dataset.name, configuration={"language": language}, figures=report["modes"]
        )
        return report

    def _print(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"{report['dataset']}: {report['items']} items, {report['queries']} queries")
        self.stdout.write(
            f"{'mode':<10}{'nDCG@10':>9}{'95 %':>16}{'recall@100':>12}{'MRR@10':>8}{'p50 ms':>8}{'p95 ms':>8}"
        )
        for mode, one in report["modes"].items():
            low, high = one["ci95"]
            self.stdout.write(
                f"{mode:<10}{one['ndcg_at_10']:>9.4f}{f'{low:.3f}–{high:.3f}':>16}{one['recall_at_100']:>12.4f}"
                f"{one['mrr_at_10']:>8.4f}{one['p50_ms']:>8.1f}{one['p95_ms']:>8.1f}"
            )


def _advance(bar: Any, done: int) -> None:
    bar.update(done - bar.n)


def _rounded(figures: ModeFigures) -> dict[str, Any]:
    return {
        name: [round(part, 4) for part in value] if isinstance(value, tuple) else round(value, 4)
        for name, value in asdict(figures).items()
    }
