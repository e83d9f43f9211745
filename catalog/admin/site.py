"""The admin's classes with unfold's look and django-stubs' types, and what all of Akin's admins share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth import get_permission_codename
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.json_text import names_of_lossy, read_json

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.forms import ModelForm
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin

    class ModelAdmin(UnfoldModelAdmin):
        def __class_getitem__(cls, model: Any) -> type:
            return cls

    class ModelForm(forms.ModelForm):
        def __class_getitem__(cls, model: Any) -> type:
            return cls


__all__ = [
    "Derived",
    "Desk",
    "KeysFirstPaginator",
    "ModelAdmin",
    "ModelForm",
    "PrettyJSONField",
    "Shown",
    "badge",
    "bar",
    "duration",
    "is_list",
    "may",
    "row_number",
]

MAX_DIGITS = 18  # of a primary key, which has 64 bits

Method = TypeVar("Method", bound=Callable[..., Any])


class Desk(Protocol):
    """What a page of its own needs of the admin class that mounts it: the frame around it, and the log."""

    admin_site: AdminSite

    @property
    def opts(self) -> Any: ...

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...


class Derived:
    """A mixin for tables that programs write: people look, and act through actions only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Shown(Derived):
    """A mixin for such tables whose rows have a page with a template of their own."""

    def page_of(self, request: HttpRequest, shown: Any) -> dict[str, Any]:
        """What the page of the row shows to whoever may see it."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        this = cast("Any", self)
        shown = this.get_object(request, object_id)
        context = dict(extra_context or {})
        if shown is not None and this.has_view_permission(request, shown):
            context |= self.page_of(request, shown)
        return cast("HttpResponse", cast("Any", super()).change_view(request, object_id, form_url, context))


class PrettyJSONField(forms.JSONField):
    """JSON that a person edits: indented, letters of all languages readable, an empty field is `{}`."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 12, "class": "font-mono", "spellcheck": "false"})
        super().__init__(widget=widget, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, forms.fields.InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return {}
        if not isinstance(value, str):
            return value
        try:
            read = read_json(value)
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from error
        if names := names_of_lossy(read):
            named = ", ".join(f"'{name}'" for name in names)
            raise ValidationError(f"A number of {named} has more digits than a number keeps; write it as text.")
        return read

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed is shown again to the letter."""
        return forms.fields.InvalidJSONInput(data) if isinstance(data, str) else initial


class KeysFirstPaginator(Paginator):  # type: ignore[type-arg]
    """Sorts and cuts keys alone, then reads the page's rows: a late page does not drag whole rows through the sort."""

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        rows = cast("QuerySet[Any]", self.object_list)
        keys = list(rows.prefetch_related(None).values_list("pk", flat=True)[start : start + self.per_page])
        return Page(rows.filter(pk__in=keys), number, self)


def row_number(text: str | None) -> int | None:
    """The primary key that a form or address names; None when it is none, or has more digits than a key can have."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS else None


def is_list(request: HttpRequest) -> bool:
    """Whether the page is a list, which shows a few columns of many rows."""
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith("_changelist")


def may(request: HttpRequest, action: str, model: type[Model]) -> bool:
    """Whether the person has the permission `view`, `add`, `change` or `delete` on the model."""
    options = model._meta  # noqa: SLF001 - Django's documented way to a model's names
    return bool(request.user.has_perm(f"{options.app_label}.{get_permission_codename(action, options)}"))


def badge(description: str, colours: Mapping[str, str]) -> Callable[[Method], Method]:
    """Shows what a list's column returns as a coloured label; `colours` are unfold's names by text."""
    return cast("Callable[[Method], Method]", display(description=description, label=dict(colours)))


def bar(share: float, title: str) -> SafeString:
    """A progress bar; `share` is between 0 and 1."""
    width = round(100 * min(max(share, 0.0), 1.0), 1)
    return format_html(
        '<span class="akin-progress"><svg class="akin-bar" viewBox="0 0 100 6" preserveAspectRatio="none"'
        ' role="img" aria-label="{}">'
        '<rect class="akin-bar-rail" width="100" height="6"/><rect class="akin-bar-fill" width="{}" height="6"/>'
        '</svg><span class="akin-bar-text">{}</span></span>',
        title,
        f"{width:g}",
        title,
    )


def duration(seconds: float | None) -> str:
    """A time span as people say it: `45 s`, `12 min`, `3 h 20 min`."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(timedelta(seconds=seconds).total_seconds()), 60)
    if minutes < 2:
        return f"{minutes * 60 + rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
