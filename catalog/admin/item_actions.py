"""What a person does to many items at once: what will happen is shown first, and done when it is confirmed."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.admin.item_resource import ItemResource
from catalog.admin.site import may
from catalog.bulk.changes import Change, Kind
from catalog.bulk.runs import MAX_ITEMS, change_items
from catalog.errors import CatalogError
from catalog.models import Collection, Item, Run
from catalog.models.run import RunState
from catalog.pages.facts import label_of
from catalog.services.rereading import schema_of

TITLES: Final[dict[Kind, str]] = {
    "publish": "Publish",
    "unpublish": "Take back to draft",
    "archive": "Archive",
    "set_attribute": "Set an attribute of",
    "clear_attribute": "Clear an attribute of",
}
SHOWN: Final = 10  # items that the confirmation names


class ItemActions:
    """The actions of the list, as a mixin of its admin."""

    def has_edit_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return may(request, "change", Item)

    def has_see_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return may(request, "view", Item)

    @admin.action(description="Publish…", permissions=["edit"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return self._change(request, queryset, "publish")

    @admin.action(description="Unpublish (draft)…", permissions=["edit"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return self._change(request, queryset, "unpublish")

    @admin.action(description="Archive…", permissions=["edit"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return self._change(request, queryset, "archive")

    @admin.action(description="Set an attribute…", permissions=["edit"])
    def set_attribute(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return self._change(request, queryset, "set_attribute")

    @admin.action(description="Clear an attribute…", permissions=["edit"])
    def clear_attribute(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return self._change(request, queryset, "clear_attribute")

    @admin.action(description="Export as CSV", permissions=["see"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return self._export(request, queryset, 0)

    @admin.action(description="Export as JSON", permissions=["see"])
    def export_json(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return self._export(request, queryset, 1)

    def chosen_ids(self, request: HttpRequest, queryset: QuerySet[Item]) -> list[int]:
        """The keys of the chosen items; none, and a message, when there are too many."""
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MAX_ITEMS + 1])
        if len(keys) > MAX_ITEMS:
            messages.error(request, f"Choose at most {MAX_ITEMS:,} items at a time.")
            return []
        return keys

    def _change(self, request: HttpRequest, queryset: QuerySet[Item], kind: Kind) -> HttpResponse | None:
        keys = self.chosen_ids(request, queryset)
        if not keys:
            return None
        asked = request.POST
        name = asked.get("other_name", "").strip() or asked.get("name", "")
        needs_name = kind in ("set_attribute", "clear_attribute")
        if "confirmed" not in asked or (needs_name and not name):
            return self._preview(request, keys, kind, "Choose an attribute." if "confirmed" in asked else "")
        change = Change(kind, name, asked.get("text", "").strip())
        try:
            runs = change_items(item_ids=keys, change=change, user_id=request.user.pk)
        except CatalogError as error:
            return self._preview(request, keys, kind, error.message)
        return self._told(request, runs, kind)

    def _preview(self, request: HttpRequest, keys: list[int], kind: Kind, problem: str) -> HttpResponse:
        model_admin = cast("Any", self)
        items = list(Item.objects.only("title", "external_id").filter(pk__in=keys[:SHOWN]).order_by("pk"))
        title = f"{TITLES[kind]} {len(keys):,} item{'' if len(keys) == 1 else 's'}?"
        context = {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": title,
            "action": kind,
            "items": items,
            "more": len(keys) - len(items),
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "is_across": request.POST.get("select_across") == "1",
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "attributes": _attributes_of(keys) if "attribute" in kind else [],
            "sets": kind == "set_attribute",
            "problem": problem,
            "asked": request.POST,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/catalog/item/bulk.html", context)

    def _told(self, request: HttpRequest, runs: list[Run], kind: Kind) -> HttpResponse:
        model_admin = cast("Any", self)
        for run in runs:
            text = f"{TITLES[kind]} {run.total or 0:,} items: {run.done:,} done, {run.failed:,} failed."
            if run.collection is not None:
                model_admin.log_change(request, run.collection, text)
            if run.state == RunState.RUNNING:
                messages.info(request, f"{run.collection}: {run.total or 0:,} items are being changed; see the runs.")
            else:
                (messages.warning if run.failed else messages.success)(request, f"{run.collection}: {text}")
            for problem in run.detail["problems"][:SHOWN]:
                messages.error(request, problem)
        is_under_way = any(run.state == RunState.RUNNING for run in runs)
        runs_list = reverse("admin:catalog_run_changelist")
        return HttpResponseRedirect(runs_list if is_under_way else request.get_full_path())

    def _export(self, request: HttpRequest, queryset: QuerySet[Item], number: int) -> HttpResponse | None:
        keys = self.chosen_ids(request, queryset)
        if not keys:
            return None
        file_format = cast("Any", self).formats[number]()
        items = Item.objects.light().select_related("collection").filter(pk__in=keys).order_by("pk")
        content = file_format.export_data(cast("Any", ItemResource()).export(items))
        response = HttpResponse(content, content_type=file_format.get_content_type())
        response["Content-Disposition"] = f'attachment; filename="items.{file_format.get_extension()}"'
        return response


def _attributes_of(item_ids: list[int]) -> list[tuple[str, str]]:
    """Keys and labels of the attributes that the items' collections know."""
    owners = Item.objects.filter(pk__in=item_ids).order_by().values("collection").distinct()
    found: dict[str, str] = {}
    for collection in Collection.objects.filter(pk__in=owners):
        schema = schema_of(collection)
        for name in schema:
            found.setdefault(name, label_of(name, schema))
    return sorted(found.items(), key=lambda pair: pair[1].lower())
