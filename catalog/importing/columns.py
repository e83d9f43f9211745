"""Which column of a table is which field of an item: by name, or as a person says. The others are attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.errors import InvalidInput
from catalog.importing.rows import REPORT_COLUMNS
from catalog.models.item import Status

# By field, the names that a column may have; earlier ones come first where a file has several.
FIELD_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "external_id": (
        "external_id", "externalid", "id", "item_id", "itemid", "product_id", "record_id", "sku",
        "article_number", "article_no",
        "artikelnummer", "part_number", "part_no", "item_number", "item_no",
        "uid", "uuid", "key", "identifier", "handle",
    ),
    "title": (
        "title", "name", "titel", "product_name", "item_name", "product_title", "product", "bezeichnung", "label",
        "heading", "headline", "subject", "titre", "nom", "nombre", "titulo",
    ),
    "body": (
        "body", "description", "text", "content", "beschreibung", "long_description", "details", "abstract", "summary",
        "product_description", "instructions", "method", "steps", "blurb", "descripcion", "inhalt",
    ),
    "url": ("url", "link", "web", "website", "homepage", "href", "web_address", "product_url", "page"),
    "image": ("image", "image_url", "picture", "img", "photo", "thumbnail", "cover", "image_link", "bild", "foto"),
    "status": ("status",),
}  # fmt: skip
COLUMN_FIELDS: Final = tuple(FIELD_NAMES)
PREFIX: Final = "attributes."

_NOT_WORD = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Columns by field, attribute names by column, and what is left out."""

    fields: Mapping[str, str]
    attributes: Mapping[str, str]
    left_out: tuple[str, ...] = field(default=())

    @property
    def described(self) -> str:
        named = ", ".join(f"{name} from '{column}'" for name, column in self.fields.items())
        return f"{named}; attributes: {', '.join(self.attributes.values()) or 'none'}"


def map_columns(
    columns: Iterable[str],
    *,
    chosen: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
    statuses: Iterable[str] = (),
    kept: Iterable[str] = (),
) -> ColumnMap:
    """`chosen`: columns by field, before any name counts; `kept`: columns that are attributes whatever their names.

    Raises InvalidInput for a column that is not there.
    """
    names, skipped, kept = list(columns), {*ignored, *REPORT_COLUMNS, "collection"}, set(kept)
    if unknown := [column for column in ignored if column not in names]:
        raise InvalidInput(f"There is no column '{unknown[0]}'; the file has: {_listed(names)}.")
    fields = dict(chosen or {})
    for name, column in fields.items():
        if name not in COLUMN_FIELDS:
            raise InvalidInput(f"There is no field '{name}'; there are: {', '.join(COLUMN_FIELDS)}.")
        if column not in names:
            raise InvalidInput(f"There is no column '{column}'; the file has: {_listed(names)}.")
    for name in COLUMN_FIELDS:
        found = None if name in fields else _named(name, names, {*fields.values(), *skipped, *kept})
        if found:
            fields[name] = found
    if "status" in fields and "status" not in (chosen or {}) and not set(statuses) & set(Status.values):
        del fields["status"]
    if not {"title", "body"} & set(fields):
        raise InvalidInput(
            f"No column is named title or name: the file has {_listed(names)}. Say which one it is with"
            " --map title=COLUMN; if that is one long name, the mark between the columns was not recognised."
        )
    taken = {*fields.values(), *skipped}
    attributes = {column: attribute_name(column) for column in names if column not in taken}
    return ColumnMap(fields, attributes, tuple(column for column in names if column in skipped))


def attribute_name(column: str) -> str:
    """The column's name as an attribute may be called."""
    return column.removeprefix(PREFIX).strip().replace(".", "_").replace("\x00", "")[:64].strip() or "column"


def _named(name: str, columns: list[str], taken: Any) -> str | None:
    by_key: dict[str, str] = {}
    for column in columns:
        if column not in taken:
            by_key.setdefault(_NOT_WORD.sub("_", column.lower()).strip("_"), column)
    return next((by_key[key] for key in FIELD_NAMES[name] if key in by_key), None)


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{name[:80]}'" for name in names[:20])
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown or "none"
