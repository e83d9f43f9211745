"""Collections in the admin: what they hold, and their two JSON settings checked with a clear answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldBooleanSwitchWidget

from catalog.access import acts_everywhere
from catalog.admin.promoted import put_back, taken_out
from catalog.admin.schema.field import SchemaField
from catalog.admin.schema.notes import schema_note
from catalog.admin.schema.rows import Rows, digest_of
from catalog.admin.scope import OfCollections
from catalog.admin.site import ModelAdmin, ModelForm, PrettyJSONField, is_list
from catalog.errors import InvalidInput, NotFound
from catalog.models import Collection, Item
from catalog.schemas import parse_duplicate_policy, parse_search_settings
from catalog.services import collections

FIELDS = Collection._meta  # noqa: SLF001 - Django's documented way to a model's fields


SEES_USERS = "auth.view_user"  # the list of members offers every user by name
THRESHOLDS = ("flag_threshold", "suggest_threshold")
INTEREST = ("learn_interest", "interest_days")


def _threshold(help_text: str) -> forms.FloatField:
    widget = UnfoldAdminDecimalFieldWidget(attrs={"step": "any", "min": 0, "max": 1})
    return forms.FloatField(min_value=0, max_value=1, required=False, help_text=help_text, widget=widget)


class CollectionForm(ModelForm[Collection]):
    attribute_schema = SchemaField(label="Attributes")
    duplicate_policy = PrettyJSONField(help_text=FIELDS.get_field("duplicate_policy").help_text)
    search_settings = PrettyJSONField(help_text=FIELDS.get_field("search_settings").help_text)
    flag_threshold = _threshold("Score from which a pair is flagged as a duplicate; empty is the default.")
    suggest_threshold = _threshold("Score from which a pair is suggested at all; empty is the default.")

    learn_interest = forms.BooleanField(
        required=False,
        label="Learn what suits each person",
        help_text="Keeps what people look at, like and hide, and shows each what suits them. Off, nothing is kept.",
        widget=UnfoldBooleanSwitchWidget,
    )
    interest_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3_650,
        help_text="Days that this is kept; empty is 180.",
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = Collection
        fields = ["slug", *sorted(collections.FIELDS), "members"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Thresholds and interest have fields of their own; the rest of policy and settings is JSON."""
        super().__init__(*args, **kwargs)
        thresholds, policy = taken_out(self.instance.duplicate_policy, THRESHOLDS)
        interest, settings = taken_out(self.instance.search_settings, INTEREST)
        self.initial.update(thresholds | interest, duplicate_policy=policy, search_settings=settings)
        self.stored_schema = dict(self.instance.attribute_schema or {})
        if isinstance(field := self.fields.get("attribute_schema"), SchemaField):
            field.stored = self.stored_schema

    def clean_attribute_schema(self) -> Any:
        """Rows that were left as they were shown say nothing; changed ones must be of the schema that is stored."""
        schema, posted = self.cleaned_data["attribute_schema"], self["attribute_schema"].data
        shown = posted.shown if isinstance(posted, Rows) else ""
        if not shown:
            return schema
        if digest_of(schema) == shown:
            return self.stored_schema
        if shown != digest_of(self.stored_schema):
            raise forms.ValidationError("The attributes were changed meanwhile: open the page again and change them.")
        return schema

    @property
    def has_edited_schema(self) -> bool:
        return digest_of(self.cleaned_data["attribute_schema"]) != digest_of(self.stored_schema)

    def clean_duplicate_policy(self) -> Any:
        return _checked(self.cleaned_data["duplicate_policy"], parse_duplicate_policy)

    def clean_search_settings(self) -> Any:
        return _checked(self.cleaned_data["search_settings"], parse_search_settings)

    def clean(self) -> dict[str, Any]:
        """Puts what has a field of its own into the JSON; what the JSON names must not be in its field, too."""
        cleaned = super().clean() or self.cleaned_data
        put_back(self, "search_settings", INTEREST)
        policy, given = cleaned.get("duplicate_policy"), {name: cleaned.get(name) for name in THRESHOLDS}
        if policy is None or any(name in self.errors for name in THRESHOLDS):
            return cleaned
        for name, value in given.items():
            if value is not None and name in policy:
                self.add_error(name, "Give it here or in the policy, not in both.")
            elif value is not None:
                policy[name] = value
        flag, suggest = (policy.get(name) for name in THRESHOLDS)
        if flag is not None and suggest is not None and suggest > flag:
            self.add_error("suggest_threshold", "It must not be above the flag threshold.")
        return cleaned


def _checked(data: Any, parse: Callable[[Any], object]) -> Any:
    """Raises ValidationError with one line for each wrong place."""
    try:
        parse(data)
    except InvalidInput as error:
        lines = [f"{p['field'].removeprefix('attributes.')}: {p['reason']}" for p in error.details]
        raise forms.ValidationError([forms.ValidationError(line) for line in lines]) from error
    return data


@admin.register(Collection)
class CollectionAdmin(OfCollections, ModelAdmin[Collection]):
    form = CollectionForm
    to_collection = "pk"
    filter_horizontal = ("members",)
    list_display = ("name", "slug", "visibility", "language", "items", "updated_at")
    list_filter = ("visibility",)
    search_fields = ("name", "slug")
    show_full_result_count = False
    sortable_by = ("name", "slug", "updated_at")
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": [("name", "slug"), "description", ("language", "visibility")]}),
        ("People", {"fields": ["members"]}),
        ("Attributes", {"fields": ["attribute_schema"]}),
        ("Search", {"fields": [INTEREST, "search_settings"]}),
        ("Duplicates", {"fields": [THRESHOLDS, "duplicate_policy"]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        rows: QuerySet[Collection] = super().get_queryset(request)
        if not is_list(request):
            return rows
        own = Item.objects.filter(collection=OuterRef("pk")).order_by().values("collection")
        counts = own.annotate(count=Count("pk")).values("count")
        item_count = Coalesce(Subquery(counts, output_field=IntegerField()), 0)
        return cast("QuerySet[Collection]", rows.annotate(item_count=item_count))

    def get_fieldsets(self, request: HttpRequest, obj: Collection | None = None) -> Any:
        """Says above the attributes who made them."""
        return [
            (name, {**options, "description": schema_note(obj)} if obj and name == "Attributes" else options)
            for name, options in self.fieldsets
        ]

    @admin.display(description="Items")
    def items(self, collection: Collection) -> SafeString:
        address = reverse("admin:catalog_item_changelist")
        count = f"{cast('Any', collection).item_count:,}"
        return format_html('<a href="{}?collection__id__exact={}">{}</a>', address, collection.pk, count)

    def get_readonly_fields(self, request: HttpRequest, obj: Collection | None = None) -> tuple[str, ...]:
        """The slug is in the addresses that other programs use. Who may not see users does not choose members."""
        fixed = ("slug",) if obj else ()
        return fixed if request.user.has_perm(SEES_USERS) else (*fixed, "members")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As in the API: a new collection is for those who act in all of them."""
        return super().has_add_permission(request) and acts_everywhere(request.user)

    def save_model(self, request: HttpRequest, obj: Collection, form: ModelForm[Collection], change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in collections.FIELDS}
        if change and not cast("CollectionForm", form).has_edited_schema:
            del values["attribute_schema"]
        if change:
            collections.update_collection(collection=obj, **values)
        else:
            obj.pk = collections.create_collection(slug=obj.slug, **values).pk

    def delete_model(self, request: HttpRequest, obj: Collection) -> None:
        with suppress(NotFound):  # somebody else was first
            collections.delete_collection(collection=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        for collection in queryset:
            with suppress(NotFound):  # somebody else was first
                collections.delete_collection(collection=collection)

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Counts instead of listing what may be thousands of items."""
        deleted = list(objs)
        count = Item.objects.filter(collection__in=deleted).count()
        lines = [f"{collection} with all its items" for collection in deleted]
        return lines, {"collections": len(deleted), "items": count}, set(), []
