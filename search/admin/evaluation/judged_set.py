"""Judged sets in the admin: what a new model is judged by, and taking one out of that."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest

from catalog.admin.scope import OfCollections
from catalog.admin.site import Derived, ModelAdmin, may
from search.models import JudgedSet


@admin.register(JudgedSet)
class JudgedSetAdmin(OfCollections, Derived, ModelAdmin[JudgedSet]):
    list_display = ("name", "collection", "count", "updated_at")
    list_select_related = ("collection",)
    list_filter = ("collection",)
    fields = ("name", "collection", "count", "updated_at")
    show_full_result_count = False
    sortable_by = ("name", "updated_at")
    list_before_template = "admin/search/judgedset/_hint.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[JudgedSet]:
        """The queries stay where they are; their number is enough."""
        counted: QuerySet[JudgedSet] = super().get_queryset(request).defer("queries")
        length = RawSQL("jsonb_array_length(search_judgedset.queries)", ())
        return cast("QuerySet[JudgedSet]", counted.annotate(query_count=length))

    @admin.display(description="Judged queries")
    def count(self, judged: Any) -> str:
        return f"{judged.query_count:,}"

    def has_delete_permission(self, request: HttpRequest, obj: JudgedSet | None = None) -> bool:
        """A set that is deleted no longer judges; `evaluate` with its collection brings it back."""
        return may(request, "delete", JudgedSet) and self.is_own(request, obj)
