"""Embedding spaces in the admin: which model answers, how much of the catalog each covers, and replacing one."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.access import acts_everywhere
from catalog.admin.scope import own_collections
from catalog.admin.site import ModelAdmin, Shown, badge, bar, may
from search.admin.spaces.space_form import add_space_view
from search.admin.spaces.space_page import page_context
from search.admin.spaces.space_steps import take_step
from search.models import EmbeddingSpace
from search.models.embedding import EmbeddingState, SpaceState

STATE_COLOURS = {
    SpaceState.BUILDING.label: "info",
    SpaceState.READY.label: "warning",
    SpaceState.ACTIVE.label: "success",
    SpaceState.RETIRED.label: "danger",
}


@admin.register(EmbeddingSpace)
class EmbeddingSpaceAdmin(Shown, ModelAdmin[EmbeddingSpace]):
    list_display = (
        "name",
        "shown_state",
        "coverage",
        "waiting",
        "failed",
        "model",
        "vectors",
        "activated_at",
    )
    show_full_result_count = False
    sortable_by = ()
    change_form_template = "admin/search/embeddingspace/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmbeddingSpace]:
        """Coverage is that of the person's collections."""
        is_own = Q()
        if not acts_everywhere(request.user):
            is_own = Q(item_embeddings__collection__in=own_collections(request).order_by().values("pk"))

        def rows_in(*states: EmbeddingState) -> Count:
            return Count("item_embeddings", filter=is_own & Q(item_embeddings__state__in=states))

        return (
            super()
            .get_queryset(request)
            .annotate(
                row_count=Count("item_embeddings", filter=is_own),
                embedded_count=rows_in(EmbeddingState.EMBEDDED),
                waiting_count=rows_in(EmbeddingState.PENDING, EmbeddingState.CLAIMED),
                failed_count=rows_in(EmbeddingState.FAILED),
            )
        )

    @badge("State", STATE_COLOURS)
    def shown_state(self, space: EmbeddingSpace) -> str:
        return space.get_state_display()

    @admin.display(description="Coverage")
    def coverage(self, space: EmbeddingSpace) -> SafeString:
        counts = cast("Any", space)
        share = counts.embedded_count / counts.row_count if counts.row_count else 0.0
        return bar(share, f"{counts.embedded_count:,} of {counts.row_count:,} items")

    @admin.display(description="Vectors")
    def vectors(self, space: EmbeddingSpace) -> str:
        return f"{space.dimensions:,}, {space.storage}"

    @admin.display(description="Waiting")
    def waiting(self, space: EmbeddingSpace) -> str:
        return f"{cast('Any', space).waiting_count:,}"

    @admin.display(description="Failed")
    def failed(self, space: EmbeddingSpace) -> SafeString | str:
        count = cast("Any", space).failed_count
        address = reverse("admin:search_itemembedding_changelist")
        link = '<a class="akin-link" href="{}?state__exact=failed&amp;space__id__exact={}">{}</a>'
        return format_html(link, address, space.pk, count) if count else "0"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, "add", EmbeddingSpace) and acts_everywhere(request.user)

    def has_steps_permission(self, request: HttpRequest) -> bool:
        """Replacing the model concerns all collections. It is for administrators, unless it is given to others."""
        return may(request, "change", EmbeddingSpace) and acts_everywhere(request.user)

    def get_urls(self) -> list[URLPattern]:
        def step_view(request: HttpRequest, space_id: int) -> HttpResponse:
            return take_step(self, request, space_id)

        view = self.admin_site.admin_view(step_view)
        return [path("<int:space_id>/step/", view, name="search_embeddingspace_step"), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return add_space_view(self, request)

    def page_of(self, request: HttpRequest, shown: EmbeddingSpace) -> dict[str, Any]:
        return page_context(request, shown) | {"can_act": self.has_steps_permission(request)}
