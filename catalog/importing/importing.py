"""Reading items from files and landing them in batches; a bad line is reported and the others land."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from catalog.errors import InvalidInput
from catalog.importing.items import RowReader, id_maker
from catalog.importing.report import ImportReport
from catalog.importing.rows import Row, Source
from catalog.importing.source import open_source
from catalog.importing.survey import Choices, Survey, survey
from catalog.models import Collection, Item, Run
from catalog.schemas import ItemInput, parse_item
from catalog.services.bulk import upsert_each
from catalog.services.items import CONTENT_FIELDS
from catalog.services.learning import learn_from
from catalog.services.rereading import read_entry, schema_of

BATCH_SIZE = 500  # items in one transaction

OnProgress = Callable[[int, ImportReport], None]
OnBad = Callable[[Row, str], None]


@dataclass(slots=True)
class _Import:
    """One import while it runs."""

    collection: Collection
    reader: RowReader | None  # None for item lines
    report: ImportReport
    on_bad: OnBad
    columns: tuple[str, ...] = ()  # of a table
    lines: dict[str, int] = field(default_factory=dict)  # of each id

    def refuse(self, row: Row, reason: str) -> None:
        self.report.add_problem(row.number, reason)
        self.hand_out(row, reason)

    def hand_out(self, row: Row, reason: str) -> None:
        """With all columns of the table, so that the file of bad rows can be imported again."""
        if self.columns and not row.raw:
            row = replace(row, values={**dict.fromkeys(self.columns, ""), **(row.values or {})})
        self.on_bad(row, reason)


def import_file(
    *,
    path: Path,
    collection: Collection,
    run: Run,
    choices: Choices | None = None,
    on_progress: OnProgress = lambda read, report: None,
    on_bad: OnBad = lambda row, reason: None,
) -> ImportReport:
    """Surveys the file, lets the collection learn from it, and imports it batch by batch.

        source -> survey -> schema -> for each batch: rows -> items -> database

    `on_progress` gets the bytes read so far, `on_bad` each row that does not land. Stops between two batches when
    the run's cancellation is asked for; what has landed stays. Raises InvalidInput for the file as a whole.
    """
    this, source = _start(path, collection, choices or Choices(), on_bad)
    rows = source.read()
    while batch := list(islice(rows, BATCH_SIZE)):
        _land(this, batch)
        on_progress(batch[-1].read, this.report)
        if _save_progress(run, this.report):
            this.report.is_cancelled = True
            break
    return this.report


def preview_file(
    *,
    path: Path,
    collection: Collection,
    choices: Choices,
    max_rows: int,
    on_bad: OnBad = lambda row, reason: None,
) -> tuple[ImportReport, Survey]:
    """What an import would do; nothing of it stays. Raises InvalidInput for the file as a whole."""
    source = open_source(path, encoding=choices.encoding, delimiter=choices.delimiter)
    found = survey(source, choices)
    if (count := max(found.columns.rows, found.attributes.rows)) > max_rows:
        raise InvalidInput(f"{count:,} rows are too many for the browser ({max_rows:,}): use manage.py import_items.")
    with transaction.atomic():
        this = _prepare(source, found, Collection.objects.get(pk=collection.pk), on_bad)
        rows = source.read()
        while batch := list(islice(rows, BATCH_SIZE)):
            _land(this, batch)
        transaction.set_rollback(True)
    return this.report, found


def _start(path: Path, collection: Collection, choices: Choices, on_bad: OnBad) -> tuple[_Import, Source]:
    source = open_source(path, encoding=choices.encoding, delimiter=choices.delimiter)
    return _prepare(source, survey(source, choices), collection, on_bad), source


def _prepare(source: Source, found: Survey, collection: Collection, on_bad: OnBad) -> _Import:
    report = ImportReport(notes=[f"Read as {source.description}.", *source.notes])
    report.learned = learn_from(collection, found.attributes)
    reader = None
    if found.map is not None:
        ids = id_maker(found.map, found.columns)
        reader = RowReader(found.map, report.learned.schema, ids, collection.slug)
        report.notes += [f"Columns: {found.map.described}.", *([ids.described] if ids else [])]
    return _Import(collection, reader, report, on_bad, source.columns)


def _land(this: _Import, batch: list[Row]) -> None:
    entries = list(_entries(this, batch))
    results = upsert_each(collection=this.collection, entries=[entry for _, entry in entries])
    for (row, _), result in zip(entries, results, strict=True):
        if result.error is not None:
            this.refuse(row, result.error.message)
        else:
            setattr(this.report, result.outcome, getattr(this.report, result.outcome) + 1)


def _entries(this: _Import, batch: list[Row]) -> Iterator[tuple[Row, ItemInput]]:
    """The rows with their items; the first of those with one id counts. A line may hold several rows of an array."""
    stored = _stored(this, batch)
    schema = schema_of(this.collection)
    for row in batch:
        try:
            entry = _entry(this, row, stored, schema)
        except InvalidInput as error:
            this.refuse(row, error.message.replace("attributes.", ""))
            continue
        first = this.lines.get(entry.external_id)
        if first is None:
            this.lines[entry.external_id] = row.number
            yield row, entry
        else:
            this.report.add_repeated(row.number, entry.external_id, first)
            this.hand_out(row, f"repeats the id of line {first}")


def _entry(this: _Import, row: Row, stored: dict[str, dict[str, Any]], schema: Any) -> ItemInput:
    if row.reason or row.values is None:
        raise InvalidInput(row.reason)
    if this.reader is None:
        return read_entry(parse_item(row.values), schema)
    return this.reader.item(row.values, stored.get(this.reader.external_id(row.values)))


def _stored(this: _Import, batch: list[Row]) -> dict[str, dict[str, Any]]:
    """What is there of a table's rows, since columns that it lacks keep their value."""
    if this.reader is None:
        return {}
    ids = {this.reader.external_id(row.values) for row in batch if row.values is not None and not row.reason}
    found = Item.objects.filter(collection=this.collection, external_id__in=[key.replace("\x00", "") for key in ids])
    return {row.pop("external_id"): row for row in found.values("external_id", *CONTENT_FIELDS)}


def _save_progress(run: Run, report: ImportReport) -> bool:
    run.done, run.failed = report.landed, report.bad + report.repeated
    run.save(update_fields=["done", "failed", "heartbeat_at"])
    run.refresh_from_db(fields=["cancel_requested"])
    return run.cancel_requested
