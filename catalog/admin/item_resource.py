"""Items as rows of a file, for the admin's import and export. What a row may hold is decided by `catalog.schemas`."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import tablib
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget, Widget

from catalog.errors import InvalidInput
from catalog.json_text import read_json
from catalog.models import Collection, Item
from catalog.schemas import ItemInput, parse_item
from catalog.services.items import CONTENT_FIELDS, upsert_items
from catalog.services.rereading import typed

if TYPE_CHECKING:

    class ModelResource:
        def __init__(self, **kwargs: Any) -> None: ...
else:
    from import_export.resources import ModelResource

COLUMNS = ("collection", "external_id", "title", "body", "url", "image", "status", "attributes")
MAX_ROWS = 5_000
BATCH_SIZE = 500  # items in one statement

Row = dict[str, Any]


class AttributesWidget(Widget):  # type: ignore[misc]
    """Attributes in one column, as JSON."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return json.dumps(value, ensure_ascii=False) if value else ""


class ItemResource(ModelResource):
    """An import reads all its items at once, checks every row, and writes the good ones in batches at the end.

    Columns that a file leaves out keep their value; a column of an unknown name is an attribute.
    """

    collection = Field("collection", "collection", ForeignKeyWidget(Collection, "slug"))
    attributes = Field("attributes", "attributes", AttributesWidget())

    class Meta:
        model = Item
        fields = COLUMNS
        import_order = export_order = COLUMNS
        import_id_fields = ("external_id",)
        skip_unchanged = True
        report_skipped = True
        use_bulk = True  # no savepoint for each row: rows are written at the end

    def __init__(self, **kwargs: Any) -> None:
        self.own: QuerySet[Collection] = kwargs.pop("own", Collection.objects.none())  # where the person may write
        super().__init__(**kwargs)
        form = kwargs.get("form")
        self.default: Collection | None = (getattr(form, "cleaned_data", None) or {}).get("collection")
        self.collections: dict[str, Collection] = {}
        self.stored: dict[tuple[str, str], Item] = {}
        self.accepted: list[tuple[Item, ItemInput]] = []

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        """Raises InvalidInput when the file has too many rows for a page."""
        if len(dataset) > MAX_ROWS:
            raise InvalidInput(f"{len(dataset):,} rows are too many for the browser: use manage.py import_items.")
        self.collections = {collection.slug: collection for collection in self.own}
        ids = {str(row["external_id"]) for row in _rows(dataset) if row.get("external_id")}
        slugs = {self._slug(row) for row in _rows(dataset)}
        items = Item.objects.light().select_related("collection")
        found = items.filter(collection__in=self.own, collection__slug__in=slugs, external_id__in=ids)
        self.stored = {(item.collection.slug, item.external_id): item for item in found}

    def get_instance(self, instance_loader: Any, row: Row) -> Item | None:
        return self.stored.get((self._slug(row), str(row.get("external_id") or "")))

    def import_instance(self, instance: Item, row: Row, **kwargs: Any) -> None:
        """Raises ValidationError with the reason for each wrong column."""
        collection = self.collections.get(self._slug(row))
        if collection is None:
            known = ", ".join(sorted(self.collections)) or "none"
            raise ValidationError({"collection": f"'{self._slug(row)}' is no collection; there are: {known}."})
        try:
            entry = typed(collection, parse_item(_item(row, instance)))
        except InvalidInput as error:
            raise ValidationError(_by_column(error)) from error
        instance.collection = collection
        for name in ("external_id", *CONTENT_FIELDS):
            setattr(instance, name, getattr(entry, name))

    def validate_instance(
        self, instance: Item, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_instance(self, instance: Item, is_create: bool, row: Row, **kwargs: Any) -> None:
        if not kwargs.get("dry_run"):
            content = {name: getattr(instance, name) for name in ("external_id", *CONTENT_FIELDS)}
            self.accepted.append((instance, ItemInput(**content)))

    def after_import(self, dataset: tablib.Dataset, result: Any, **kwargs: Any) -> None:
        by_collection: dict[Collection, list[tuple[Item, ItemInput]]] = defaultdict(list)
        for item, entry in self.accepted:
            by_collection[item.collection].append((item, entry))
        for collection, rows in by_collection.items():
            for start in range(0, len(rows), BATCH_SIZE):
                _write(collection, rows[start : start + BATCH_SIZE])

    def _slug(self, row: Row) -> str:
        return str(row.get("collection") or "") or (self.default.slug if self.default else "")


def _rows(dataset: tablib.Dataset) -> list[Row]:
    headers = dataset.headers or []
    return [dict(zip(headers, row, strict=True)) for row in dataset]


def _item(row: Row, stored: Item) -> dict[str, Any]:
    """The row over what is stored, in the shape of an item line."""
    item: dict[str, Any] = {name: getattr(stored, name) for name in CONTENT_FIELDS if stored.pk}
    for name in ("external_id", "title", "body", "url", "image"):
        if row.get(name) is not None:
            item[name] = row[name]
    if row.get("status"):
        item["status"] = row["status"]
    attributes = _attributes(row.get("attributes"), item.get("attributes") or {})
    for name, value in row.items():
        if name not in COLUMNS and value not in (None, ""):
            attributes[name.removeprefix("attributes.")] = value
    return {**item, "attributes": attributes}


def _attributes(value: Any, stored: dict[str, Any]) -> dict[str, Any]:
    if isinstance(value, str) and value:
        try:
            value = read_json(value)
        except json.JSONDecodeError as error:
            raise InvalidInput("", [{"field": "attributes", "reason": f"not JSON: {error}"}]) from error
    if value in (None, ""):
        return dict(stored)
    if not isinstance(value, dict):
        raise InvalidInput("", [{"field": "attributes", "reason": "must be one JSON object"}])
    return dict(value)


def _by_column(error: InvalidInput) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for problem in error.details:
        name, _, rest = problem["field"].partition(".")
        column = name if name in COLUMNS else "__all__"
        reasons[column].append(f"{rest}: {problem['reason']}" if rest else problem["reason"])
    return reasons


def _write(collection: Collection, rows: list[tuple[Item, ItemInput]]) -> None:
    """Writes the batch, and gives new items their keys, which the admin's log records."""
    upsert_items(collection=collection, entries=[entry for _, entry in rows])
    new = [item for item, _ in rows if item.pk is None]
    ids = [item.external_id for item in new]
    found = Item.objects.filter(collection=collection, external_id__in=ids)
    keys = dict(found.values_list("external_id", "pk"))
    for item in new:
        item.pk = keys[item.external_id]
