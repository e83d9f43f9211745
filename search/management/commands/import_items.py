"""Imports items from a file into a collection, and waits until they can be found when asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from catalog.errors import CatalogError
from catalog.importing import ImportReport, check_file, import_file
from catalog.models import Collection, Run
from catalog.models.run import RunKind, RunState
from catalog.services.collections import get_or_create_collection
from search.embedding.waiting import Progress, wait_until_embedded
from search.retrieval.upkeep.readiness import make_ready

MAX_SHOWN_PROBLEMS = 20


class Command(BaseCommand):
    help = "Imports a .jsonl, .jsonl.gz or .csv file; existing items are updated by their external_id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--collection", required=True, metavar="SLUG", help="Created if there is none.")
        parser.add_argument("--wait", action="store_true", help="Return when all items are embedded and indexed.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_file(options["file"])
            collection = get_or_create_collection(slug=options["collection"])
            report = self._import(options["file"], collection)
        except CatalogError as error:
            raise CommandError(error.message) from error
        self._print(report)
        if options["wait"]:
            try:
                self._wait(collection)
            except KeyboardInterrupt:
                raise CommandError("Stopped waiting; the workers embed the rest.") from None
        if report.bad and not report.landed:
            raise CommandError("No line of the file could be imported.")

    def _import(self, path: Path, collection: Collection) -> ImportReport:
        run = Run.objects.create(kind=RunKind.IMPORT, collection=collection, detail={"file": path.name})
        state = RunState.FAILED
        try:
            size = path.stat().st_size if path.exists() else None
            with tqdm(total=size, unit="B", unit_scale=True, desc="importing") as bar:
                report = import_file(
                    path=path, collection=collection, run=run, on_progress=lambda read, r: _show(bar, read, r)
                )
            state = RunState.CANCELLED if report.is_cancelled else RunState.FINISHED
            return report
        except KeyboardInterrupt:
            state = RunState.CANCELLED
            raise CommandError("Stopped; what was imported so far stays.") from None
        finally:
            run.state, run.finished_at = state, timezone.now()
            run.total = run.done + run.failed
            run.save()

    def _print(self, report: ImportReport) -> None:
        for problem in report.problems[:MAX_SHOWN_PROBLEMS]:
            self.stderr.write(f"line {problem.line}: {problem.reason}")
        if report.bad > MAX_SHOWN_PROBLEMS:
            self.stderr.write(f"… and {report.bad - MAX_SHOWN_PROBLEMS:,} more bad lines")
        self.stdout.write(
            f"{report.created:,} created, {report.updated:,} updated, {report.unchanged:,} unchanged,"
            f" {report.bad:,} bad lines"
        )

    def _wait(self, collection: Collection) -> None:
        with tqdm(unit="item", desc="embedding") as bar:
            progress = wait_until_embedded(collection, on_progress=lambda p: _show_embedding(bar, p))
        make_ready(collection)
        self.stdout.write(f"{progress.embedded:,} items are embedded and indexed, {progress.failed:,} failed")


def _show(bar: Any, read: int, report: ImportReport) -> None:
    bar.update(max(read - bar.n, 0))
    bar.set_postfix_str(f"{report.landed:,} items, {report.bad:,} bad lines", refresh=False)


def _show_embedding(bar: Any, progress: Progress) -> None:
    bar.total = progress.embedded + progress.failed + progress.waiting
    bar.initial = bar.initial or progress.embedded
    bar.update(progress.embedded + progress.failed - bar.n)
