"""Importing an uploaded file as a run, with the rows that did not land kept as a file."""

from __future__ import annotations

from catalog.admin.importing.look import attributes_of, target
from catalog.errors import InvalidInput
from catalog.importing.bad_rows import BadRows
from catalog.importing.importing import import_file
from catalog.importing.report import ImportReport
from catalog.importing.survey import Choices
from catalog.models import Collection, Run
from catalog.models.run import RunKind
from catalog.services.runs import RunCancelled, carried_out
from catalog.uploads.store import Upload

MAX_KEPT = 50  # attributes that a run names


def import_upload(upload: Upload, choices: Choices, *, user_id: int) -> Run:
    """The finished run. Raises InvalidInput when no row landed; a collection made for the file is gone then."""
    is_new = not Collection.objects.filter(slug=upload.collection).exists()
    collection = target(upload)
    run = Run.objects.create(
        kind=RunKind.IMPORT, collection=collection, started_by_id=user_id, detail={"file": upload.name}
    )
    try:
        report = _carried_out(run, upload, collection, choices)
    except InvalidInput:
        if is_new:
            collection.delete()
        raise
    if not report.landed and is_new:
        collection.delete()
        raise InvalidInput(f"No row of {upload.name} could be imported.")
    upload.path.unlink(missing_ok=True)
    return run


def _carried_out(run: Run, upload: Upload, collection: Collection, choices: Choices) -> ImportReport:
    with carried_out(run), BadRows(upload.bad_rows.open("w", encoding="utf-8", newline="", errors="replace")) as bad:
        report = import_file(path=upload.path, collection=collection, run=run, choices=choices, on_bad=bad.add)
        run.total = run.done + run.failed
        run.detail = _detail(upload, report)
        if report.is_cancelled:
            raise RunCancelled
    if not bad.count:
        upload.bad_rows.unlink(missing_ok=True)
    return report


def _detail(upload: Upload, report: ImportReport) -> dict[str, object]:
    attributes, missing = attributes_of(report.learned)
    is_new = bool(report.learned and report.learned.changed)
    return {
        "file": upload.name,
        "counts": report.counts,
        "upload": upload.token if report.bad or report.repeated else "",
        "left_out": report.bad + report.repeated,
        "attributes": attributes[:MAX_KEPT] if is_new else [],
        "missing": missing[:MAX_KEPT],
        "notes": report.notes,
    }
