"""Import and export of items in the admin. What an export writes, an import takes back unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import tablib
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path
from import_export.formats.base_formats import CSV, JSON
from unfold.contrib.import_export.forms import ExportForm

from catalog.admin.importing import pages
from catalog.admin.item_resource import ItemResource
from catalog.admin.site import Desk, may
from catalog.importing.formulas import disarm
from catalog.json_text import read_stored
from catalog.models import Item

if TYPE_CHECKING:

    class ImportExportMixin:
        def get_urls(self) -> list[Any]: ...
else:
    from import_export.admin import ImportExportMixin


class ItemJSON(JSON):  # type: ignore[misc]
    """A JSON array of items."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        rows = [dict(row) for row in dataset.dict]
        for row in rows:
            if "attributes" in row:
                row["attributes"] = read_stored(row["attributes"] or "{}")
        return json.dumps(rows, ensure_ascii=False, indent=1)


class ItemCSV(CSV):  # type: ignore[misc]
    """A table whose cells no spreadsheet takes for formulas."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        exported: str = super().export_data(_each_cell(dataset, disarm), **kwargs)
        return exported


def _each_cell(dataset: tablib.Dataset, change: Callable[[str], str]) -> tablib.Dataset:
    rows = [[change(cell) if isinstance(cell, str) else cell for cell in row] for row in dataset]
    return tablib.Dataset(*rows, headers=dataset.headers)


class ItemExchange(ImportExportMixin):
    """Import needs the permissions to add and to change, export the one to view. The import's pages are our own."""

    formats = (ItemCSV, ItemJSON)
    resource_classes = (ItemResource,)
    export_form_class = ExportForm

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may(request, "add", Item) and may(request, "change", Item)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may(request, "view", Item)

    def get_urls(self) -> list[Any]:
        view = cast("Any", self).admin_site.admin_view
        own = [
            path("import/<str:token>/look/", view(self.import_look), name="catalog_item_import_look"),
            path("import/<str:token>/bad-rows/", view(self.import_bad_rows), name="catalog_item_import_bad_rows"),
            path("import/done/<int:run_id>/", view(self.import_done), name="catalog_item_import_done"),
        ]
        return [*own, *super().get_urls()]

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self._check_import(request)
        return pages.start(cast("Desk", self), request)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self._check_import(request)
        return pages.process(cast("Desk", self), request)

    def import_look(self, request: HttpRequest, token: str) -> HttpResponse:
        self._check_import(request)
        return pages.look(cast("Desk", self), request, token)

    def import_bad_rows(self, request: HttpRequest, token: str) -> HttpResponseBase:
        self._check_import(request)
        return pages.bad_rows(request, token)

    def import_done(self, request: HttpRequest, run_id: int) -> HttpResponse:
        self._check_import(request)
        return pages.done(cast("Desk", self), request, run_id)

    def _check_import(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied
