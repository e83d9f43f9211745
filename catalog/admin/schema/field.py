"""The form field of an attribute schema: a table of rows, or JSON for who pastes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.admin.schema.rows import FLAGS, Rows, SchemaRow, digest_of, plain, rows_of, schema_of_rows
from catalog.admin.site import PrettyJSONField
from catalog.attributes.types import TYPES
from catalog.errors import InvalidInput
from catalog.schemas import MAX_ATTRIBUTES

EMPTY_ROWS: Final = 2
MAX_ROWS: Final = 2 * MAX_ATTRIBUTES  # that are read of a form
TEXTS: Final = ("name", "was", "label", "type", "spelling", "separator")
CHOICES: Final = {
    "types": [(kind.name, kind.label) for kind in TYPES.values()],
    "spellings": [("", "as usual"), ("comma", "1.234,5"), ("dmy", "31/03/2026"), ("mdy", "03/31/2026")],
    "separators": [("", "nowhere"), *((mark, mark) for mark in (";", "|", ",", "/"))],
}


class SchemaWidget(forms.Widget):
    """Posts rows beside an optional text of JSON, which counts when it is filled or sent alone."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        pasted = str(data.get(name, "")).strip()
        count = str(data.get(f"{name}-rows", ""))
        if pasted or not count.isdecimal():
            return pasted
        numbers = range(min(int(count), MAX_ROWS))
        return Rows(tuple(_row(data, f"{name}-{number}-") for number in numbers), str(data.get(f"{name}-shown", "")))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-rows" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        is_pasted = isinstance(value, str)
        rows = list(value.rows) if isinstance(value, Rows) else [] if is_pasted else rows_of(value or {})
        used = [row for row in rows if row.name or row.was]
        shown = value.shown if isinstance(value, Rows) else "" if is_pasted else digest_of(value or {})
        context = {
            "name": name,
            "rows": [*used, *[SchemaRow()] * EMPTY_ROWS],
            "shown": shown,
            "pasted": value if is_pasted else "",
            "blank": SchemaRow(),
            **CHOICES,
        }
        return SafeString(render_to_string("admin/catalog/collection/schema_rows.html", context))


class SchemaField(PrettyJSONField):
    """Cleans to the schema. `stored` is the one that the rows were made of."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget = SchemaWidget()
        self.stored: Mapping[str, Any] = {}

    def prepare_value(self, value: Any) -> Any:
        return value

    def to_python(self, value: Any) -> Any:
        """Raises ValidationError with one line for each wrong place."""
        try:
            return schema_of_rows(value, self.stored) if isinstance(value, Rows) else plain(super().to_python(value))
        except InvalidInput as error:
            lines = [f"{p['field'].removeprefix('attributes.')}: {p['reason']}" for p in error.details]
            raise forms.ValidationError([forms.ValidationError(line) for line in lines]) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data if isinstance(data, Rows) else super().bound_data(data, initial)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """For the log of changes; an unreadable schema differs."""
        try:
            return digest_of(initial or {}) != digest_of(self.to_python(data))
        except (forms.ValidationError, InvalidInput):
            return True


def _row(data: Any, prefix: str) -> SchemaRow:
    values: dict[str, Any] = {name: str(data.get(f"{prefix}{name}", "")).strip() for name in TEXTS}
    values |= {name: bool(data.get(f"{prefix}{name}")) for name in FLAGS}
    return SchemaRow(**values, is_removed=bool(data.get(f"{prefix}remove")))
