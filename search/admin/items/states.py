"""How states of embeddings look, and finding items by them."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from catalog.models import Item
from search.embedding.status import in_active_space
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState

EMBEDDING_COLOURS = {
    EmbeddingState.PENDING.label: "warning",
    EmbeddingState.CLAIMED.label: "info",
    EmbeddingState.EMBEDDED.label: "success",
    EmbeddingState.FAILED.label: "danger",
}
SHOWN_COLUMNS = ("item", "state")


def active_states() -> Prefetch[str, QuerySet[ItemEmbedding], str]:
    """Puts the row of the active space into `active_embeddings`, for a whole list in one query."""
    return Prefetch("embeddings", queryset=in_active_space().only(*SHOWN_COLUMNS), to_attr="active_embeddings")


class EmbeddingStateFilter(SimpleListFilter):
    title = "embedding"
    parameter_name = "embedding"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in EmbeddingState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        if self.value() is None:
            return queryset
        return queryset.filter(pk__in=in_active_space().filter(state=self.value()).values("item_id"))
