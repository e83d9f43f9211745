"""Measures search on a judged set: nDCG@10, recall@100, MRR@10 and latency of every mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from catalog.models import Collection
from catalog.services.collections import get_collection
from search.evaluation.datasets import SearchDataset, load_search_dataset
from search.evaluation.judging import keep_judged_set
from search.evaluation.management.report_command import ReportCommand
from search.evaluation.metrics import PairedTest, paired_test
from search.evaluation.quality.band_quality import evaluate_bands
from search.evaluation.quality.search_quality import evaluate_search
from search.evaluation.runs import compare_runs, run_before, store_run
from search.evaluation.scratch import scratch_collection
from search.models import EvaluationRun
from search.retrieval.types import MODES


class Command(ReportCommand):
    help = "Measures search on items.jsonl, queries.jsonl and qrels.tsv of a folder, in a scratch collection."
    run: EvaluationRun

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--language", default="english", help="Text search configuration (default english).")
        parser.add_argument(
            "--collection",
            metavar="SLUG",
            help="Search this collection with its settings, read no items.jsonl, and keep the set as its own.",
        )

        parser.add_argument(
            "--bands", action="store_true", help="Also measure whether the bands of hits tell the truth."
        )

    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        dataset = load_search_dataset(folder, with_items=not options["collection"])
        self.name_problems(dataset.problems)
        with self._searched(dataset, options) as collection:
            figures = evaluate_search(collection, dataset.queries)
            bands = evaluate_bands(collection, dataset.queries).rounded() if options["bands"] else None
            items = len(dataset.items) or collection.items.visible().count()
            configuration = {"language": collection.language, **collection.search_settings}
        if options["collection"]:
            configuration["collection"] = options["collection"]
            keep_judged_set(collection=collection, dataset=dataset)
        self.run = store_run(dataset=dataset.name, configuration=configuration, figures=figures)
        report: dict[str, Any] = {
            "dataset": dataset.name,
            "items": items,
            "queries": sum(1 for query in dataset.queries if any(g > 0 for g in query.grades.values())),
            "modes": {mode: one.rounded() for mode, one in figures.items()},
        }
        return report if bands is None else {**report, "bands": bands}

    @contextmanager
    def _searched(self, dataset: SearchDataset, options: dict[str, Any]) -> Iterator[Collection]:
        """The collection that was named, or one of the set's items for the time of the evaluation."""
        if options["collection"]:
            yield get_collection(slug=options["collection"])
            return
        bar = tqdm(total=len(dataset.items), unit="item", desc="embedding", disable=options["json"] or None)
        with scratch_collection(
            dataset.items,
            on_progress=lambda done: _advance(bar, done),
            finds_schema=True,
            language=options["language"],
        ) as collection:
            bar.close()
            yield collection

    def show(self, report: dict[str, Any]) -> None:
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
        self._show_legs()
        self._show_difference()
        if "bands" in report:
            self._show_bands(report["bands"])

    def _show_bands(self, report: dict[str, Any]) -> None:
        self.stdout.write(f"Of the first ten hits of each query, those of grade {report['least_grade']} and more:")
        for band, found in report["bands"].items():
            self.stdout.write(f"{band:<10}{found['relevant']:>9.1%} of {found['hits']:,}")
        self.stdout.write(f"Queries with a better band below a worse one: {report['contradicted']}")
        self.stdout.write(f"Queries said to have no answer: {len(report['nothing_relevant'])}")

    def _show_legs(self) -> None:
        gains = self.run.gains
        self.stdout.write("Hybrid against each leg alone, nDCG@10 of the same queries:")
        for mode in MODES[1:]:
            self._show_test(mode, paired_test(gains[mode], gains[MODES[0]]))

    def _show_difference(self) -> None:
        if (before := run_before(self.run)) is None:
            return
        self.stdout.write(f"Against the run of {before.created_at:%Y-%m-%d %H:%M}, nDCG@10 of the same queries:")
        for mode, test in compare_runs(before=before, after=self.run).items():
            self._show_test(mode, test)

    def _show_test(self, mode: str, test: PairedTest) -> None:
        low, high = test.ci95
        self.stdout.write(f"{mode:<10}{test.difference:>+9.4f}{f'{low:+.3f}–{high:+.3f}':>16}   p = {test.p_value:.3f}")


def _advance(bar: Any, done: int) -> None:
    bar.update(done - bar.n)
