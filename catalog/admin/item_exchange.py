"""Import and export of items in the admin: CSV and JSON, with a preview before anything is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tablib
from django import forms
from django.http import HttpRequest
from import_export.formats.base_formats import CSV, JSON
from import_export.forms import ConfirmImportForm, ImportForm
from unfold.contrib.import_export.forms import ExportForm, ImportExportWidgetsMixin
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from catalog.admin.item_resource import ItemResource
from catalog.admin.scope import own_collections
from catalog.admin.site import may
from catalog.formulas import arm, disarm
from catalog.json_text import read_json, read_stored
from catalog.models import Collection, Item

if TYPE_CHECKING:

    class ImportExportMixin:
        def import_action(self, request: HttpRequest, **kwargs: Any) -> Any: ...
        def create_import_form(self, request: HttpRequest) -> Any: ...
        def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]: ...
        def create_confirm_form(self, request: HttpRequest, import_form: Any = None) -> Any: ...
        def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]: ...
else:
    from import_export.admin import ImportExportMixin


class ItemJSON(JSON):  # type: ignore[misc]
    """A JSON array of items, or one item a line; rows need not have the same keys."""

    def create_dataset(self, in_stream: str | bytes, **kwargs: Any) -> tablib.Dataset:
        """Raises ValueError when it is neither."""
        text = in_stream.decode("utf-8-sig") if isinstance(in_stream, bytes) else in_stream
        is_array = text.lstrip().startswith("[")
        rows = read_json(text) if is_array else [read_json(line) for line in text.splitlines() if line.strip()]
        if not all(isinstance(row, dict) for row in rows):
            raise ValueError("each item must be a JSON object")
        headers = list(dict.fromkeys(name for row in rows for name in row))
        return tablib.Dataset(*[[row.get(name) for name in headers] for row in rows], headers=headers)

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        rows = [dict(row) for row in dataset.dict]
        for row in rows:
            if "attributes" in row:
                row["attributes"] = read_stored(row["attributes"] or "{}")
        return json.dumps(rows, ensure_ascii=False, indent=1)


class ItemCSV(CSV):  # type: ignore[misc]
    """A table whose cells no spreadsheet takes for formulas, in and out."""

    def create_dataset(self, in_stream: str | bytes, **kwargs: Any) -> tablib.Dataset:
        return _each_cell(super().create_dataset(in_stream, **kwargs), arm)

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        exported: str = super().export_data(_each_cell(dataset, disarm), **kwargs)
        return exported


def _each_cell(dataset: tablib.Dataset, change: Callable[[str], str]) -> tablib.Dataset:
    rows = [[change(cell) if isinstance(cell, str) else cell for cell in row] for row in dataset]
    return tablib.Dataset(*rows, headers=dataset.headers)


class ItemImportForm(ImportExportWidgetsMixin, ImportForm):  # type: ignore[misc]
    """Asks also for the collection of rows that name none."""

    collection = forms.ModelChoiceField(
        Collection.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="For rows without a column of that name.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        upload = self.fields["import_file"]
        upload.widget = UnfoldAdminFileFieldWidget(attrs=upload.widget.attrs)


class ItemConfirmForm(ConfirmImportForm):  # type: ignore[misc]
    collection = forms.ModelChoiceField(Collection.objects.all(), required=False, widget=forms.HiddenInput)


class ItemExchange(ImportExportMixin):
    """Import needs the permissions to add and to change, export the one to view."""

    formats = (ItemCSV, ItemJSON)
    resource_classes = (ItemResource,)
    import_form_class = ItemImportForm
    confirm_form_class = ItemConfirmForm
    export_form_class = ExportForm

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may(request, "add", Item) and may(request, "change", Item)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may(request, "view", Item)

    def create_import_form(self, request: HttpRequest) -> Any:
        return _offering_own(request, super().create_import_form(request))

    def create_confirm_form(self, request: HttpRequest, import_form: Any = None) -> Any:
        return _offering_own(request, super().create_confirm_form(request, import_form=import_form))

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_import_resource_kwargs(request, **kwargs), "own": own_collections(request)}

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial = super().get_confirm_form_initial(request, import_form)
        collection = import_form.cleaned_data.get("collection") if import_form else None
        return {**initial, "collection": collection.pk if collection else ""}

    def import_action(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Shows which rows are bad, and still offers to import the others."""
        response = super().import_action(request, **kwargs)
        context = response.context_data
        result = context.get("result")
        if result and result.has_validation_errors() and not result.has_errors() and result.valid_rows():
            context["confirm_form"] = self.create_confirm_form(request, import_form=context["form"])
            context["bad_rows"], context["good_rows"] = len(result.invalid_rows), len(result.valid_rows())
        return response


def _offering_own(request: HttpRequest, form: Any) -> Any:
    form.fields["collection"].queryset = own_collections(request)
    return form
