"""The catalog's collection admin, with the page on which a collection's search for duplicates is calibrated."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.collection import CollectionAdmin
from catalog.admin.scope import own_collections
from catalog.admin.site import may
from catalog.models import Collection
from search.admin.collections.calibration_page import act, show
from search.models import DuplicatePair

admin.site.unregister(Collection)


@admin.register(Collection)
class SearchableCollectionAdmin(CollectionAdmin):
    """Registered in place of the catalog's, which knows nothing of search."""

    def get_readonly_fields(self, request: HttpRequest, obj: Collection | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        fields = (*fields, "insight_pages") if obj is not None else fields
        return (*fields, "duplicate_pages") if self._may_review(request, obj) else fields

    def get_fieldsets(self, request: HttpRequest, obj: Collection | None = None) -> Any:
        fieldsets = [(name, dict(options)) for name, options in super().get_fieldsets(request, obj)]
        if obj is not None:
            name, options = fieldsets[0]
            fieldsets[0] = (name, {**options, "fields": [*cast("list[Any]", options["fields"]), "insight_pages"]})
        if self._may_review(request, obj):
            name, options = fieldsets[-1]
            fieldsets[-1] = (name, {**options, "fields": ["duplicate_pages", *cast("list[Any]", options["fields"])]})
        return fieldsets

    def _may_review(self, request: HttpRequest, obj: Collection | None) -> bool:
        return obj is not None and may(request, "view", DuplicatePair)

    @admin.display(description="Insight")
    def insight_pages(self, collection: Collection) -> SafeString:
        return format_html(
            '<a class="akin-link" href="{}">What is in it</a> · <a class="akin-link" href="{}">Map</a> · '
            '<a class="akin-link" href="{}?collection__id__exact={}">Topics</a> · '
            '<a class="akin-link" href="{}?collection__id__exact={}">Misfiled and missing</a>',
            reverse("search:insight", args=[collection.slug]),
            reverse("search:map", args=[collection.slug]),
            reverse("admin:search_topic_changelist"),
            collection.pk,
            reverse("admin:search_suggestion_changelist"),
            collection.pk,
        )

    @admin.display(description="Review")
    def duplicate_pages(self, collection: Collection) -> SafeString:
        return format_html(
            '<a class="akin-link" href="{}?collection__id__exact={}">Pairs to review</a> · '
            '<a class="akin-link" href="{}?collection={}">Groups</a> · <a class="akin-link" href="{}">Calibrate</a>',
            reverse("admin:search_duplicatepair_changelist"),
            collection.pk,
            reverse("admin:search_duplicate_groups"),
            collection.pk,
            reverse("admin:search_calibrate", args=[collection.pk]),
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.calibrate)
        return [path("<int:collection_id>/calibrate/", view, name="search_calibrate"), *super().get_urls()]

    def calibrate(self, request: HttpRequest, collection_id: int) -> HttpResponse:
        """Anybody who sees pairs may look; those who may change the collection apply and revert."""
        if not (self.has_view_permission(request) and may(request, "view", DuplicatePair)):
            raise PermissionDenied
        collection = get_object_or_404(own_collections(request), pk=collection_id)
        can_change = self.has_change_permission(request, collection) and may(request, "change", DuplicatePair)
        if request.method == "GET":
            return show(self, request, collection, can_change=can_change)
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "POST"])
        if not can_change:
            raise PermissionDenied
        return act(self, request, collection)
