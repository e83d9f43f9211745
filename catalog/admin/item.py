"""Items in the admin: every change goes through the services that all other writers call."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from catalog.admin.item_actions import ItemActions
from catalog.admin.item_exchange import ItemExchange
from catalog.admin.item_form import ItemForm
from catalog.admin.item_search import find_items
from catalog.admin.scope import OfCollections
from catalog.admin.site import KeysFirstPaginator, ModelAdmin, ModelForm, is_list
from catalog.errors import CatalogError, NotFound
from catalog.models import Item
from catalog.models.item import ItemQuerySet
from catalog.services import items


@admin.register(Item)
class ItemAdmin(ItemActions, ItemExchange, OfCollections, ModelAdmin[Item]):
    """Lists read no column that only PostgreSQL needs, and page by the primary key."""

    form = ItemForm
    list_display: Any = ("name", "external_id", "collection", "status", "updated_at")
    list_display_links = ("name",)
    list_filter: ClassVar[Any] = ("collection", "status")
    list_select_related = ("collection",)
    list_per_page = 50
    paginator = KeysFirstPaginator
    search_fields = ("title", "external_id")
    search_help_text = "Words of the title or their beginnings, or an identifier"
    show_full_result_count = False
    ordering = ("-id",)
    sortable_by = ("name",)
    actions: Any = (
        "publish",
        "unpublish",
        "archive",
        "set_attribute",
        "clear_attribute",
        "export_csv",
        "export_json",
    )
    save_on_top = False
    warn_unsaved_form = True

    @admin.display(description="Item", ordering="id")
    def name(self, item: Item) -> str:
        return str(item)[:120] or "–"

    def get_queryset(self, request: HttpRequest) -> ItemQuerySet:
        items = cast("ItemQuerySet", super().get_queryset(request)).light()
        return items.defer("attributes", "url", "image") if is_list(request) else items

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[QuerySet[Item], bool]:
        if not search_term.strip():
            return queryset, False
        return find_items(cast("ItemQuerySet", queryset), search_term), False

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> tuple[str, ...]:
        """Collection and external id identify an item to other programs, so they stay as they are."""
        return ("collection", "external_id", "merged_into", "created_at", "updated_at") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Item | None = None) -> Any:
        content = ["title", "body", "url", "image", "attributes"]
        fieldsets: list[Any] = [
            (None, {"fields": [("collection", "external_id"), "status", *content]}),
        ]
        if obj:
            fieldsets.append(("History", {"fields": ["merged_into", ("created_at", "updated_at")]}))
        return fieldsets

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What the service refuses is told to the person, who keeps the page."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except CatalogError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Item, form: ModelForm[Item], change: bool) -> None:
        entry = cast("ItemForm", form).entry
        if change:
            items.save_item(collection=obj.collection, entry=entry)
        else:
            obj.pk = items.create_item(collection=obj.collection, entry=entry).pk

    def delete_model(self, request: HttpRequest, obj: Item) -> None:
        with suppress(NotFound):  # somebody else was first
            items.delete_item(item=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        with transaction.atomic():
            for item in queryset:
                with suppress(NotFound):  # somebody else was first
                    items.delete_item(item=item)

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """What hangs on an item is derived from it and goes with it: neither listed nor a permission of its own."""
        deleted = list(objs)
        return [str(item) for item in deleted], {"items": len(deleted)}, set(), []
