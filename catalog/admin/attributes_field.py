"""The attributes of an item as a field of the admin: an input for each that the schema names, JSON for any others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.admin.site import PrettyJSONField
from catalog.attributes.fields import AttributeField
from catalog.attributes.reading import written
from catalog.pages.facts import label_of
from catalog.schemas import AttributeDefinition

Schema = Mapping[str, AttributeDefinition]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: a text by attribute of the schema, and JSON with those that it does not name."""

    texts: Mapping[str, str] = field(default_factory=dict)
    others: str = ""


class AttributesWidget(forms.Widget):
    """Posts a text for each attribute of `schema`; without one, JSON alone."""

    schema: Schema = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if f"{name}-inputs" not in data:
            return data.get(name)
        texts = {key: str(data.get(f"{name}.{key}", "")) for key in self.schema}
        return Typed(texts, str(data.get(name, "")))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-inputs" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed = value if isinstance(value, Typed) else self._typed(value)
        context = {
            "name": name,
            "rows": [self._row(name, key, typed.texts.get(key, "")) for key in self.schema],
            "others": typed.others,
        }
        return SafeString(render_to_string("admin/catalog/item/attributes.html", context))

    def _typed(self, value: Any) -> Typed:
        if isinstance(value, str):
            return Typed(others=value)
        stored: Mapping[str, Any] = value or {}
        texts = {key: written(self.schema[key], stored.get(key)) for key in self.schema}
        others = {key: stored[key] for key in stored if key not in self.schema}
        return Typed(texts, json.dumps(others, indent=2, ensure_ascii=False) if others else "")

    def _row(self, name: str, key: str, text: str) -> dict[str, Any]:
        field = AttributeField(self.schema[key])
        identity = f"id_{name}_{key}"
        html = field.widget.render(f"{name}.{key}", text, {"id": identity})
        return {"id": identity, "label": label_of(key, self.schema), "html": html, "help": field.help_text}


class AttributesField(PrettyJSONField):
    """Cleans to the attributes. A text that was left as it was keeps the value that it stands for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget = AttributesWidget()
        self.schema: Schema = {}
        self.stored: Mapping[str, Any] = {}

    def use(self, schema: Schema, stored: Mapping[str, Any]) -> None:
        """Takes the fields of the schema and the item's values."""
        self.schema, self.stored = schema, stored
        self.widget = AttributesWidget()
        self.widget.schema = schema

    def prepare_value(self, value: Any) -> Any:
        return value if self.schema else super().prepare_value(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data if isinstance(data, Typed) else super().bound_data(data, initial)

    def to_python(self, value: Any) -> Any:
        """Raises ValidationError with a line for each attribute that cannot be read."""
        if not isinstance(value, Typed):
            return super().to_python(value)
        others = super().to_python(value.others)
        if not isinstance(others, dict):
            raise forms.ValidationError("What is beyond the schema has to be one JSON object.")
        attributes: dict[str, Any] = dict(others)
        problems: list[forms.ValidationError] = []
        for key, text in value.texts.items():
            try:
                read = self._read(key, text)
            except forms.ValidationError as error:
                label = label_of(key, self.schema)
                problems += [forms.ValidationError(f"{label}: {message}") for message in error.messages]
                continue
            if read is not None:
                attributes[key] = read
        if problems:
            raise forms.ValidationError(problems)
        return attributes

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or {}) != self.to_python(data))
        except forms.ValidationError:
            return True

    def _read(self, key: str, text: str) -> Any:
        stored = self.stored.get(key)
        if stored is not None and text == written(self.schema[key], stored):
            return stored
        return AttributeField(self.schema[key]).clean(text)
