"""The catalog's item admin, with what search derived from each item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.admin.item import ItemAdmin
from catalog.admin.site import badge, is_list, may
from catalog.models import Item, MergeRecord
from catalog.models.item import ItemQuerySet
from search.admin.items.states import EMBEDDING_COLOURS, EmbeddingStateFilter, active_states
from search.duplicates.review.merging import merges_of_item
from search.embedding.queue.retry import embed_again
from search.models import DuplicatePair, ItemEmbedding
from search.models.embedding import EmbeddingState

MAX_PAIRS = 20

admin.site.unregister(Item)


@admin.register(Item)
class SearchableItemAdmin(ItemAdmin):
    """Registered in place of the catalog's, which knows nothing of search."""

    list_display: Any = ("name", "external_id", "collection", "status", "embedding", "updated_at")
    list_filter: ClassVar[Any] = ("collection", "status", EmbeddingStateFilter)

    actions: Any = (*ItemAdmin.actions, "embed_again")

    def has_embed_permission(self, request: HttpRequest) -> bool:
        return may(request, "change", ItemEmbedding)

    @admin.action(description="Embed again", permissions=["embed"])
    def embed_again(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        keys = self.chosen_ids(request, queryset)
        if keys:
            count = embed_again(item_ids=keys)
            self.message_user(request, f"{count:,} embeddings are made anew by the workers.")

    def get_queryset(self, request: HttpRequest) -> ItemQuerySet:
        items = super().get_queryset(request)
        return items.prefetch_related(active_states()) if is_list(request) else items

    @badge("Embedding", EMBEDDING_COLOURS)
    def embedding(self, item: Item) -> str:
        rows = cast("list[ItemEmbedding]", getattr(item, "active_embeddings", []))
        return rows[0].get_state_display() if rows else "None"

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *self._derived_fields(request)) if obj else fields

    def get_fieldsets(self, request: HttpRequest, obj: Item | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj:
            fieldsets.insert(0, ("What search knows of it", {"fields": self._derived_fields(request)}))
        return fieldsets

    def _derived_fields(self, request: HttpRequest) -> list[str]:
        fields = {"embedding_states": ItemEmbedding, "possible_duplicates": DuplicatePair, "merges": DuplicatePair}
        return [name for name, model in fields.items() if may(request, "view", model)]

    @admin.display(description="Embedding")
    def embedding_states(self, item: Item) -> SafeString | str:
        return _once(item, _embedding_lines)

    @admin.display(description="Possible duplicates")
    def possible_duplicates(self, item: Item) -> SafeString | str:
        return _once(item, _pair_lines)

    @admin.display(description="Merges")
    def merges(self, item: Item) -> SafeString | str:
        return _once(item, _merge_lines)


def _once(item: Item, show: Callable[[Item], SafeString]) -> SafeString | str:
    """Unfold renders a read-only field several times for one page; the database is asked once."""
    shown: dict[str, SafeString] = item.__dict__.setdefault("shown_once", {})
    if show.__name__ not in shown:
        shown[show.__name__] = show(item)
    return shown[show.__name__] or "None"


def _embedding_lines(item: Item) -> SafeString:
    rows = ItemEmbedding.objects.filter(item=item).select_related("space").order_by("space_id")
    return format_html_join("", "<p>{}</p>", ((_embedding_line(row),) for row in rows))


def _pair_lines(item: Item) -> SafeString:
    pairs = DuplicatePair.objects.filter(Q(first=item) | Q(second=item)).order_by("-score", "id")
    titles = Item.objects.only("title", "external_id")
    shown = pairs.prefetch_related(Prefetch("first", titles), Prefetch("second", titles))
    light = shown.defer("evidence", "first_digest", "second_digest")[:MAX_PAIRS]
    lines = ((_pair_line(pair, item),) for pair in light)
    return format_html_join("", "<p>{}</p>", lines)


def _merge_lines(item: Item) -> SafeString:
    """Each merge with the button that undoes it; the server asks for the permission when it is pressed."""
    lines = ((_merge_line(record, item),) for record in merges_of_item(item)[:MAX_PAIRS])
    return format_html_join("", "<p>{}</p>", lines)


def _merge_line(record: MergeRecord, item: Item) -> SafeString:
    other = record.other if record.keeper_id == item.pk else record.keeper
    return format_html(
        '{} <a class="akin-link" href="{}">{} ({})</a> by {} at {} '
        '<button class="akin-button" formaction="{}" formnovalidate name="back" value="{}">Undo this merge</button>',
        "Took in" if record.keeper_id == item.pk else "Went into",
        reverse("admin:catalog_item_change", args=[other.pk]),
        str(other)[:120],
        other.external_id,
        record.merged_by_name or "somebody",
        f"{record.merged_at:%Y-%m-%d %H:%M}",
        reverse("admin:search_duplicatepair_undo_merge", args=[record.pk]),
        reverse("admin:catalog_item_change", args=[item.pk]),
    )


def _embedding_line(row: ItemEmbedding) -> SafeString:
    address = reverse("admin:search_itemembedding_change", args=[row.pk])
    text = f"{row.space.name}: {row.get_state_display()}"
    if row.state == EmbeddingState.FAILED or row.error_message:
        text += f" after {row.attempts} attempts: {row.error_class}: {row.error_message[:300]}"
    elif row.embedded_at:
        text += f" at {row.embedded_at:%Y-%m-%d %H:%M:%S}"
    return format_html('<a class="akin-link" href="{}">{}</a>', address, text)


def _pair_line(pair: DuplicatePair, item: Item) -> SafeString:
    other = pair.second if pair.first_id == item.pk else pair.first
    return format_html(
        '<a class="akin-link" href="{}">{} {}</a>: <a class="akin-link" href="{}">{} ({})</a>',
        reverse("admin:search_duplicatepair_change", args=[pair.pk]),
        f"{pair.score:.2f}",
        pair.get_state_display(),
        reverse("admin:catalog_item_change", args=[other.pk]),
        str(other)[:120],
        other.external_id,
    )
