"""A look at an uploaded file: its columns, what would become of its rows, or what is wrong in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from django.db import transaction

from catalog.admin.importing.forms import ATTRIBUTE, FIELD_LABELS, IGNORED, choices_of
from catalog.attributes.inference import Columns
from catalog.attributes.summary import summary_of
from catalog.errors import CatalogError, InvalidInput
from catalog.importing.importing import preview_file
from catalog.importing.report import ImportReport
from catalog.importing.rows import REPORT_COLUMNS, Row, Source
from catalog.importing.source import open_source
from catalog.importing.survey import Choices
from catalog.models import Collection
from catalog.services.collections import create_collection
from catalog.services.learning import Learned
from catalog.uploads.store import Upload

MAX_PREVIEWED: Final = 10_000
SAMPLE_ROWS: Final = 200
SAMPLES: Final = 3
SAMPLE_LENGTH: Final = 60  # characters
NOT_SHOWN: Final = {*REPORT_COLUMNS, "collection"}


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One column of the file: what it holds, and what it is taken for."""

    number: int
    name: str
    samples: tuple[str, ...]
    role: str


@dataclass(slots=True)
class Look:
    """`error` says why the file as a whole cannot be imported so; columns may be chosen otherwise nevertheless."""

    error: str = ""
    columns: list[ColumnLine] = field(default_factory=list)
    report: ImportReport | None = None
    attributes: list[tuple[str, str]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)


def look_at(
    upload: Upload, data: Mapping[str, str], on_bad: Callable[[Row, str], None] = lambda row, reason: None
) -> Look:
    """What importing the file would do. Nothing of it stays."""
    look = Look()
    try:
        source, names, sample = opened(upload, data)
        roles = {name: data.get(f"column.{number}", "") for number, name in enumerate(names)}
        look.columns = [_line(number, name, sample, roles[name]) for number, name in enumerate(names)]
        choices = choices_of(data, names)
        with transaction.atomic():
            report, found = preview_file(
                path=upload.path, collection=target(upload), choices=choices, on_bad=on_bad, max_rows=MAX_PREVIEWED
            )
            transaction.set_rollback(True)
    except CatalogError as error:
        look.error = said(error, upload)
        return look
    look.report = report
    if found.map is None or source.is_items:
        look.columns = []
    else:
        by_column = {column: name for name, column in found.map.fields.items()}
        guessed = {name: by_column.get(name, IGNORED if name in found.map.left_out else ATTRIBUTE) for name in names}
        look.columns = [_line(number, name, sample, guessed[name]) for number, name in enumerate(names)]
    look.attributes, look.missing = attributes_of(report.learned)
    return look


def opened(upload: Upload, data: Mapping[str, str]) -> tuple[Source, list[str], Columns]:
    """The file, the names of its columns and what the first rows hold. Raises InvalidInput."""
    how = choices_of(data, ())
    source = open_source(upload.path, encoding=how.encoding, delimiter=how.delimiter)
    rows = (row.values for row in islice(source.read(), SAMPLE_ROWS) if row.values is not None and not row.reason)
    sample = Columns(limit=500).add_all(rows)
    names = [] if source.is_items else [name for name in source.columns or sample.profiles if name not in NOT_SHOWN]
    return source, names, sample


def chosen(upload: Upload, data: Mapping[str, str]) -> Choices:
    """The choices for the import itself. Raises InvalidInput."""
    return choices_of(data, opened(upload, data)[1])


def target(upload: Upload) -> Collection:
    """The collection that the file goes into, made where it is a new one. Raises InvalidInput and Conflict."""
    found = Collection.objects.filter(slug=upload.collection).first()
    if found is not None:
        return found
    if not upload.new_name:
        raise InvalidInput(f"The collection '{upload.collection}' is gone.")
    return create_collection(slug=upload.collection, name=upload.new_name)


def said(error: CatalogError, upload: Upload) -> str:
    """The error with the file's own name instead of the one it has with us."""
    return error.message.replace(upload.path.name, upload.name).replace("--map title=COLUMN", "the choices below")


def attributes_of(learned: Learned | None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The attributes that the collection has then, with what is new of them said, and those it lacks."""
    if learned is None:
        return [], []
    notes = learned.notes
    has = [
        (name, "; ".join(filter(None, (summary_of(definition), notes.get(name)))))
        for name, definition in sorted(learned.schema.items())
    ]
    return has, [(name, summary_of(definition)) for name, definition in learned.proposed.items()]


def _line(number: int, name: str, sample: Columns, role: str) -> ColumnLine:
    profile: Any = sample.profiles.get(name)
    texts = [*profile.texts, *profile.elements] if profile else []
    shown = tuple(text[:SAMPLE_LENGTH] for text in texts[:SAMPLES])
    return ColumnLine(number, name, shown, role if role in (*FIELD_LABELS, ATTRIBUTE, IGNORED) else ATTRIBUTE)
