"""The browser form for one new item: its fields, and one more for each attribute of the collection's schema."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.text import slugify

from catalog.attributes.fields import AttributeField
from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from catalog.models.item import (
    MAX_BODY_LENGTH,
    MAX_EXTERNAL_ID_LENGTH,
    MAX_TITLE_LENGTH,
    MAX_URL_LENGTH,
)
from catalog.pages.facts import label_of
from catalog.schemas import ItemInput, parse_attribute_schema, parse_item

FIELD_PREFIX: Final = "attribute."
MAX_SUGGESTION_LENGTH: Final = 60  # characters, before the number that makes it unique


class ItemForm(forms.Form):
    """Valid when `catalog.schemas` says so; `entry` is then the item to write."""

    title = forms.CharField(max_length=MAX_TITLE_LENGTH, required=False)
    body = forms.CharField(
        max_length=MAX_BODY_LENGTH, required=False, label="Description", widget=forms.Textarea(attrs={"rows": 7})
    )
    external_id = forms.CharField(
        max_length=MAX_EXTERNAL_ID_LENGTH,
        required=False,
        label="External id",
        help_text="What other systems call it. Left empty, one is made from the title.",
    )
    url = forms.CharField(max_length=MAX_URL_LENGTH, required=False, label="Web address")
    image = forms.CharField(max_length=MAX_URL_LENGTH, required=False, label="Address of an image")

    def __init__(self, collection: Collection, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.collection = collection
        self.schema = parse_attribute_schema(collection.attribute_schema)
        self.entry: ItemInput | None = None
        for name, definition in self.schema.items():
            self.fields[f"{FIELD_PREFIX}{name}"] = AttributeField(definition, label=label_of(name, self.schema))

    @property
    def attribute_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(FIELD_PREFIX)]

    @property
    def identifier_names(self) -> list[str]:
        return [f"{FIELD_PREFIX}{name}" for name, definition in self.schema.items() if definition.identifier]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.entry = self.read(cleaned)
        except InvalidInput as error:
            for problem in error.details or [{"field": "item", "reason": error.message}]:
                self.add_error(self._field_of(problem["field"]), f"{problem['reason']}.".capitalize())
        return cleaned

    def read(self, values: dict[str, Any]) -> ItemInput:
        """The item that these cleaned values make. Raises InvalidInput."""
        plain = {name: values.get(name) or "" for name in ("title", "body", "url", "image")}
        external_id = values.get("external_id") or suggest_external_id(self.collection, plain["title"])
        attributes = {
            name: values[f"{FIELD_PREFIX}{name}"]
            for name in self.schema
            if values.get(f"{FIELD_PREFIX}{name}") not in (None, "")
        }
        return parse_item({**plain, "external_id": external_id, "attributes": attributes})

    def _field_of(self, path: str) -> str | None:
        name = path.replace("attributes.", FIELD_PREFIX, 1)
        return name if name in self.fields else None


def suggest_external_id(collection: Collection, title: str) -> str:
    """A free id made of the title's words."""
    stem = slugify(title)[:MAX_SUGGESTION_LENGTH].strip("-") or "item"
    taken = set(
        Item.objects.filter(collection=collection, external_id__startswith=stem).values_list("external_id", flat=True)
    )
    candidates = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
