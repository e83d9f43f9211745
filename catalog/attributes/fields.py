"""An attribute as a field of a form: its value is read by the parser that imports and the API use."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from catalog.attributes.reading import read_value, written
from catalog.attributes.types import type_of
from catalog.schemas import AttributeDefinition

MAX_LENGTH: Final = 2_000  # characters
YES_NO: Final = (("", "–"), ("true", "yes"), ("false", "no"))


class AttributeField(forms.CharField):
    """Cleans to the value as it is stored: a number, a date as text, a list; None where nothing is given."""

    def __init__(self, definition: AttributeDefinition, **options: Any) -> None:
        kind = type_of(definition)
        widget = options.pop("widget", None) or _widget(definition)
        if definition.list and definition.separator:
            options.setdefault("help_text", f"Several values are separated by {definition.separator}")
        super().__init__(required=False, max_length=MAX_LENGTH, widget=widget, **options)
        self.definition = definition
        self.ask = kind.ask

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else written(self.definition, value)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return read_value(self.definition, text) if text else None
        except ValueError as error:
            raise forms.ValidationError(f"{self.ask} {str(error).capitalize()}.") from error


def _widget(definition: AttributeDefinition) -> forms.Widget:
    kind = type_of(definition)
    if kind.name == "boolean":
        return forms.Select(choices=YES_NO)
    if definition.list:
        return forms.TextInput()
    return forms.TextInput(attrs=dict(kind.input_attributes))
