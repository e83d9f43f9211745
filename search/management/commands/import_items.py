"""Imports items from a file into a collection, and waits until they can be found when asked to."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from catalog.errors import CatalogError, InvalidInput
from catalog.importing.bad_rows import BadRows
from catalog.importing.importing import import_file
from catalog.importing.report import ImportReport
from catalog.importing.source import SUFFIXES, check_file, open_source
from catalog.importing.survey import Choices
from catalog.models import Collection, Run
from catalog.models.run import RunKind, RunState
from catalog.services.collections import get_or_create_collection
from search.embedding.waiting import Progress, wait_until_embedded
from search.management.outcome import address_of, learned_lines
from search.retrieval.upkeep.readiness import make_ready

MAX_SHOWN_PROBLEMS = 20


class Command(BaseCommand):
    help = f"Imports a file ({', '.join(SUFFIXES)}); existing items are updated by their external_id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--collection", required=True, metavar="SLUG", help="Created if there is none.")
        parser.add_argument("--wait", action="store_true", help="Return when all items are embedded and indexed.")
        parser.add_argument(
            "--map", action="append", default=[], metavar="FIELD=COLUMN", help="As in title=name; may be repeated."
        )
        parser.add_argument(
            "--ignore", action="append", default=[], metavar="COLUMN", help="A column to leave out; may be repeated."
        )
        parser.add_argument("--encoding", default="", help="Of a text file; detected when not given.")
        parser.add_argument("--delimiter", default="", help="Between a CSV's columns; detected when not given.")
        parser.add_argument("--bad-rows", type=Path, metavar="FILE", help="Where the rows that do not land go.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            choices = _choices(options)
            check_file(options["file"])
            open_source(options["file"], encoding=choices.encoding, delimiter=choices.delimiter)
            collection, is_new = self._collection(options["collection"])
        except CatalogError as error:
            raise CommandError(error.message) from error
        try:
            report = self._import(options["file"], collection, choices, options["bad_rows"])
        except CatalogError as error:
            if is_new:
                collection.delete()
            raise CommandError(error.message) from error
        if not report.landed and is_new:
            collection.delete()
        self._print(report, options["bad_rows"])
        if report.landed:
            self._end(collection, report, wait=options["wait"])
        elif not report.bad:
            raise CommandError(f"{options['file'].name} is empty: there is nothing to import.")
        else:
            raise CommandError("No line of the file could be imported.")

    def _collection(self, slug: str) -> tuple[Collection, bool]:
        is_new = not Collection.objects.filter(slug=slug).exists()
        return get_or_create_collection(slug=slug), is_new

    def _import(self, path: Path, collection: Collection, choices: Choices, bad_rows: Path | None) -> ImportReport:
        run = Run.objects.create(kind=RunKind.IMPORT, collection=collection, detail={"file": path.name})
        state = RunState.FAILED
        try:
            stream = bad_rows.open("w", encoding="utf-8", newline="") if bad_rows else io.StringIO()
            with (
                BadRows(stream) as bad,
                tqdm(total=path.stat().st_size, unit="B", unit_scale=True, disable=is_quiet()) as bar,
            ):
                report = import_file(
                    path=path,
                    collection=collection,
                    run=run,
                    choices=choices,
                    on_progress=lambda read, r: _show(bar, read, r),
                    on_bad=bad.add if bad_rows else lambda row, reason: None,
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

    def _print(self, report: ImportReport, bad_rows: Path | None) -> None:
        for note in report.notes:
            self.stdout.write(note)
        for problem in report.problems[:MAX_SHOWN_PROBLEMS]:
            self.stderr.write(f"line {problem.line}: {problem.reason}")
        left_out = report.bad + report.repeated
        if left_out > MAX_SHOWN_PROBLEMS:
            self.stderr.write(f"… and {left_out - MAX_SHOWN_PROBLEMS:,} more lines")
        if left_out:
            where = (
                f"They are in {bad_rows} to be mended" if bad_rows else "--bad-rows FILE writes them to a file to mend"
            )
            self.stderr.write(f"{where}.")
        self.stdout.write(report.counts)

    def _end(self, collection: Collection, report: ImportReport, *, wait: bool) -> None:
        for line in learned_lines(collection, report.learned):
            self.stdout.write(line)
        if wait:
            try:
                self._wait(collection)
            except KeyboardInterrupt:
                raise CommandError("Stopped waiting; the workers embed the rest.") from None
        self.stdout.write(f"Search it at {address_of(collection)}")

    def _wait(self, collection: Collection) -> None:
        with tqdm(unit="item", desc="embedding", disable=is_quiet()) as bar:
            progress = wait_until_embedded(collection, on_progress=lambda p: _show_embedding(bar, p))
        make_ready(collection)
        self.stdout.write(f"{progress.embedded:,} items are embedded and indexed, {progress.failed:,} failed")


def _choices(options: dict[str, Any]) -> Choices:
    """Raises InvalidInput for a mapping without an equals sign."""
    columns: dict[str, str] = {}
    for text in options["map"]:
        name, mark, column = text.partition("=")
        if not mark or not column:
            raise InvalidInput(f"--map {text}: write FIELD=COLUMN, as in title=name.")
        columns[name.strip()] = column.strip()
    delimiter = {"tab": "\t", "\\t": "\t"}.get(options["delimiter"], options["delimiter"])
    if len(delimiter) > 1:
        raise InvalidInput(f"--delimiter {delimiter}: one character, or tab.")
    return Choices(columns, tuple(options["ignore"]), options["encoding"], delimiter)


def _show(bar: Any, read: int, report: ImportReport) -> None:
    bar.update(max(read - bar.n, 0))
    bar.set_postfix_str(f"{report.landed:,} items, {report.bad:,} bad lines", refresh=False)


def _show_embedding(bar: Any, progress: Progress) -> None:
    bar.total = progress.embedded + progress.failed + progress.waiting
    bar.initial = bar.initial or progress.embedded
    bar.update(progress.embedded + progress.failed - bar.n)


def is_quiet() -> bool:
    """Whether a bar would stand between lines that programs read."""
    return str(settings.AKIN_LOG_FORMAT) == "json"
