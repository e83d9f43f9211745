"""The queue of embeddings in the admin: what failed, why, and trying again."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.item_search import find_item_ids
from catalog.admin.scope import OfCollections
from catalog.admin.site import Derived, KeysFirstPaginator, ModelAdmin, badge, may
from catalog.models import Item
from search.admin.items.states import EMBEDDING_COLOURS
from search.embedding.queue.retry import retry
from search.models import ItemEmbedding


@admin.register(ItemEmbedding)
class ItemEmbeddingAdmin(OfCollections, Derived, ModelAdmin[ItemEmbedding]):
    list_display = (
        "name",
        "space",
        "shown_state",
        "attempts",
        "error",
        "marked_at",
        "next_attempt_at",
        "embedded_at",
    )
    list_filter = ("state", "space", "collection", "priority")
    list_per_page = 50
    paginator = KeysFirstPaginator
    search_fields = ("item__title",)
    search_help_text = "Words of the item's title or their beginnings, or its identifier"
    show_full_result_count = False
    ordering = ("-id",)
    sortable_by = ()
    actions = ("try_again",)
    fields = (
        ("item_link", "collection"),
        ("space", "shown_state"),
        ("attempts", "next_attempt_at"),
        ("error_class", "error_message"),
        ("marked_at", "embedded_at"),
        ("priority", "revision"),
    )
    readonly_fields = ("item_link", "shown_state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ItemEmbedding]:
        rows = super().get_queryset(request).defer("digest", "lease_token")
        return rows.prefetch_related("space", "collection", Prefetch("item", Item.objects.only("title")))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ItemEmbedding], search_term: str
    ) -> tuple[QuerySet[ItemEmbedding], bool]:
        if search_term.strip():
            queryset = queryset.filter(item__in=find_item_ids(search_term))
        return queryset, False

    @admin.display(description="Item")
    def name(self, row: ItemEmbedding) -> str:
        return str(row.item)[:120]

    @admin.display(description="Item")
    def item_link(self, row: ItemEmbedding) -> SafeString:
        address = reverse("admin:catalog_item_change", args=[row.item_id])
        return format_html('<a class="akin-link" href="{}">{}</a>', address, row.item)

    @badge("State", EMBEDDING_COLOURS)
    def shown_state(self, row: ItemEmbedding) -> str:
        return row.get_state_display()

    @admin.display(description="Error")
    def error(self, row: ItemEmbedding) -> str:
        return f"{row.error_class}: {row.error_message[:160]}" if row.error_class else "–"

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return may(request, "change", ItemEmbedding)

    @admin.action(description="Try again", permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[ItemEmbedding]) -> None:
        count = retry(queryset)
        self.message_user(request, f"{count} embeddings are tried again now.")
