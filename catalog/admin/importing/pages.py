"""The pages of an import: upload, look and map, import or cancel, and what became of it."""

from __future__ import annotations

import io
from typing import Any, Final

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.admin.importing.forms import DELIMITER_CHOICES, ENCODINGS, ROLE_CHOICES, UploadForm
from catalog.admin.importing.look import MAX_PREVIEWED, Look, chosen, look_at, said
from catalog.admin.importing.work import import_upload
from catalog.admin.scope import own_collections, own_rows
from catalog.admin.site import Desk
from catalog.errors import CatalogError, NotFound
from catalog.importing.bad_rows import BadRows
from catalog.models import Collection, Run
from catalog.models.run import RunKind
from catalog.uploads.store import Upload, find, forget, forget_old, keep

START: Final = "admin:catalog_item_import"
LOOK: Final = "admin:catalog_item_import_look"
SHOWN_PROBLEMS: Final = 200


def start(desk: Desk, request: HttpRequest) -> HttpResponse:
    """Asks for the file, keeps it, and leads to the look at it."""
    forget_old()
    form = UploadForm(request, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            upload = keep(
                data["file"],
                owner_id=request.user.pk or 0,
                collection=data["slug"],
                new_name=str(data.get("new_collection") or "").strip(),
            )
        except CatalogError as error:
            form.add_error("file", error.message)
        else:
            return HttpResponseRedirect(reverse(LOOK, args=[upload.token]))
    return _page(desk, request, "import", {"title": "Import items", "form": form, "max_rows": MAX_PREVIEWED})


def look(desk: Desk, request: HttpRequest, token: str) -> HttpResponse:
    """What the file holds and what importing it would do, under the choices of the address."""
    forget_old()
    upload = _upload_of(request, token)
    if upload is None:
        return HttpResponseRedirect(reverse(START))
    return _look_page(desk, request, upload, look_at(upload, request.GET.dict()), request.GET.dict())


def bad_rows(request: HttpRequest, token: str) -> HttpResponseBase:
    """The rows that do not land, as a file to mend: of the import, else of the look."""
    upload = _upload_of(request, token)
    if upload is None:
        return HttpResponseRedirect(reverse(START))
    if upload.bad_rows.exists():
        return FileResponse(upload.bad_rows.open("rb"), as_attachment=True, filename=upload.bad_rows_name)
    stream = io.StringIO()
    look_at(upload, request.GET.dict(), BadRows(stream).add)
    content = io.BytesIO(stream.getvalue().encode(errors="replace"))
    return FileResponse(content, as_attachment=True, filename=upload.bad_rows_name)


def process(desk: Desk, request: HttpRequest) -> HttpResponse:
    """Imports the file that the form names, or forgets it."""
    upload = _upload_of(request, request.POST.get("upload") or request.POST.get("import_file_name", ""))
    if upload is None or request.method != "POST":
        return HttpResponseRedirect(reverse(START))
    if "cancel" in request.POST:
        forget(upload)
        messages.info(request, f"{upload.name} was not imported.")
        return HttpResponseRedirect(reverse("admin:catalog_item_changelist"))
    try:
        run = import_upload(upload, chosen(upload, request.POST.dict()), user_id=request.user.pk or 0)
    except CatalogError as error:
        return _look_page(desk, request, upload, Look(error=said(error, upload)), request.POST.dict())
    desk.log_change(request, run.collection, f"Imported {upload.name}: {run.detail['counts']}.")
    return HttpResponseRedirect(reverse("admin:catalog_item_import_done", args=[run.pk]))


def done(desk: Desk, request: HttpRequest, run_id: int) -> HttpResponse:
    """What became of an import that ran here."""
    runs = own_rows(request, Run.objects.filter(kind=RunKind.IMPORT, detail__has_key="counts"))
    run = get_object_or_404(runs.select_related("collection"), pk=run_id)
    if run.collection is None:
        raise Http404
    return _page(desk, request, "import_done", {"title": f"{run.detail['file']} is imported", "run": run})


def _look_page(desk: Desk, request: HttpRequest, upload: Upload, seen: Look, data: dict[str, str]) -> HttpResponse:
    report = seen.report
    context = {
        "title": f"Import {upload.name}",
        "upload": upload,
        "look": seen,
        "problems": report.problems[:SHOWN_PROBLEMS] if report else [],
        "left_out": report.bad + report.repeated if report else 0,
        "roles": ROLE_CHOICES,
        "encodings": ENCODINGS,
        "marks": DELIMITER_CHOICES,
        "asked": data,
        "is_text": upload.suffix.startswith((".csv", ".tsv")),
        "query": request.GET.urlencode(),
    }
    return _page(desk, request, "import_look", context)


def _upload_of(request: HttpRequest, token: str) -> Upload | None:
    """None, and a message, where it is gone, or its collection is one in which the person acts no longer."""
    try:
        upload = find(token, owner_id=request.user.pk or 0)
    except NotFound as error:
        messages.error(request, error.message)
        return None
    is_there = Collection.objects.filter(slug=upload.collection).exists()
    if is_there and not own_collections(request).filter(slug=upload.collection).exists():
        messages.error(request, f"You do not act in the collection '{upload.collection}'.")
        return None
    return upload


def _page(desk: Desk, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    frame = {**desk.admin_site.each_context(request), "opts": desk.opts}
    return TemplateResponse(request, f"admin/catalog/item/{name}.html", {**frame, **context})
