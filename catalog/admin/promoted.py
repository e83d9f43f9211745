"""Settings within a JSON field that have form fields of their own; the JSON shows the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms


def taken_out(stored: dict[str, Any] | None, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of the fields, and what the JSON field shows."""
    rest = dict(stored or {})
    return {name: rest.pop(name, None) for name in names}, rest


def put_back(form: forms.BaseForm, field: str, names: Sequence[str]) -> None:
    """Puts what was given into the cleaned JSON; what that names must not be given beside it, too."""
    settings = form.cleaned_data.get(field)
    if not isinstance(settings, dict):
        return
    for name in names:
        value = form.cleaned_data.get(name)
        if value in (None, False):
            continue
        if name in settings:
            form.add_error(name, "Give it here or in the JSON below, not in both.")
        else:
            settings[name] = value
