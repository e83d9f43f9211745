"""What the import asks: which file goes into which collection, and which column is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.text import slugify
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.access import acts_everywhere
from catalog.admin.scope import own_collections
from catalog.admin.site import may
from catalog.errors import InvalidInput
from catalog.importing.columns import COLUMN_FIELDS
from catalog.importing.csv_rows import DELIMITERS
from catalog.importing.source import SUFFIXES
from catalog.importing.survey import Choices
from catalog.models import Collection

ATTRIBUTE: Final = "attribute"
IGNORED: Final = "ignored"
FIELD_LABELS: Final = {
    "external_id": "Id",
    "title": "Title",
    "body": "Description",
    "url": "Web address",
    "image": "Address of a picture",
    "status": "Status",
}
ROLE_CHOICES: Final = [(ATTRIBUTE, "an attribute"), *FIELD_LABELS.items(), (IGNORED, "left out")]
ENCODINGS: Final = [
    ("", "as detected"),
    ("utf-8", "UTF-8"),
    ("cp1252", "Windows-1252"),
    ("latin-1", "Latin-1"),
    ("utf-16", "UTF-16"),
]
DELIMITER_CHOICES: Final = [("", "as detected"), *((name, name) for name in DELIMITERS.values())]


class UploadForm(forms.Form):
    """A file, and the collection that is there or the name of a new one."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(SUFFIXES)}),
        help_text="CSV, Excel (.xlsx), JSON or Parquet; the first row of a table names its columns.",
    )
    collection = forms.ModelChoiceField(
        Collection.objects.none(), required=False, widget=UnfoldAdminSelectWidget, empty_label="–"
    )
    new_collection = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
        label="Or a new collection",
        help_text="Its name; the address is made of it.",
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own: Any = self.fields["collection"]
        own.queryset = own_collections(request)
        if not (acts_everywhere(request.user) and may(request, "add", Collection)):
            del self.fields["new_collection"]
            own.required = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        name = str(data.get("new_collection") or "").strip()
        if "collection" in self.errors or bool(data.get("collection")) == bool(name):
            if "collection" not in self.errors:
                self.add_error("collection", "Choose a collection, or name a new one.")
            return data
        data["slug"] = data["collection"].slug if data["collection"] else slugify(name)[:64].strip("-")
        if name and not data["slug"]:
            self.add_error("new_collection", "The name needs letters or digits.")
        if name and Collection.objects.filter(slug=data["slug"]).exists():
            self.add_error("new_collection", f"There is a collection '{data['slug']}' already: choose it above.")
        return data


def choices_of(data: Mapping[str, str], columns: Sequence[str]) -> Choices:
    """What a person said of the columns; nothing of them is guessing. Raises InvalidInput."""
    fields: dict[str, str] = {}
    ignored: list[str] = []
    kept: list[str] = []
    for number, column in enumerate(columns):
        role = data.get(f"column.{number}", "")
        if role in COLUMN_FIELDS and role in fields:
            raise InvalidInput(f"Two columns are the {FIELD_LABELS[role].lower()}: '{fields[role]}' and '{column}'.")
        if role in COLUMN_FIELDS:
            fields[role] = column
        elif role == IGNORED:
            ignored.append(column)
        elif role == ATTRIBUTE:
            kept.append(column)
    return Choices(fields, tuple(ignored), _encoding(data), _delimiter(data), tuple(kept))


def _encoding(data: Mapping[str, str]) -> str:
    asked = data.get("encoding", "")
    return asked if asked in dict(ENCODINGS) else ""


def _delimiter(data: Mapping[str, str]) -> str:
    return next((mark for mark, name in DELIMITERS.items() if name == data.get("delimiter")), "")
