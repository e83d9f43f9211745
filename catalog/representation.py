"""Collections and items as the JSON API shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from pydantic import BaseModel, Field

from catalog.models import Collection, Item


class CollectionOut(BaseModel):
    slug: str
    name: str
    description: str
    language: str
    visibility: str
    attribute_schema: dict[str, Any]
    schema_source: str = Field(
        description="`found` in the rows, and kept up with them; `edited` by a person or program, and never changed by"
        " the rows; `none` while there is none"
    )
    duplicate_policy: dict[str, Any]
    search_settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CollectionPage(BaseModel):
    collections: list[CollectionOut]
    next_cursor: str | None


class EmbeddingOut(BaseModel):
    """How far the item is on its way to being found by meaning."""

    state: str = Field(description="pending, claimed (being embedded), embedded or failed")
    attempts: int
    error: str | None = Field(description="Why the last attempt failed; only for those who may write.")
    embedded_at: datetime | None


class ItemOut(BaseModel):
    external_id: str
    title: str
    body: str
    url: str
    image: str
    attributes: dict[str, Any]
    status: str
    merged_into: str | None = Field(description="External id of the item that this one was merged into.")
    created_at: datetime
    updated_at: datetime
    embedding: EmbeddingOut | None


class ItemPage(BaseModel):
    items: list[ItemOut]
    next_cursor: str | None


EmbeddingLookup = Callable[[Sequence[int]], Mapping[int, EmbeddingOut]]


def _know_nothing(item_ids: Sequence[int]) -> Mapping[int, EmbeddingOut]:
    return {}


class _Embeddings:
    """The catalog knows nothing of search: whoever composes the application says where embeddings are looked up."""

    lookup: EmbeddingLookup = staticmethod(_know_nothing)


def use_embedding_lookup(lookup: EmbeddingLookup) -> None:
    """Sets the function that returns the embedding of each item id it knows."""
    _Embeddings.lookup = staticmethod(lookup)


def collection_out(collection: Collection) -> CollectionOut:
    return CollectionOut(**{name: getattr(collection, name) for name in CollectionOut.model_fields})


def items_to_show(collection: Collection, *, hidden_too: bool) -> QuerySet[Item]:
    """The collection's items with what `items_out` needs; drafts, archived and merged ones only where asked for."""
    items = Item.objects.light().filter(collection=collection)
    if not hidden_too:
        items = items.visible()
    return items.annotate(keeper_id=F("merged_into__external_id"))


def items_out(items: Sequence[Item], *, with_errors: bool) -> list[ItemOut]:
    """Two queries for any number of items. `with_errors` shows why embedding failed."""
    embeddings = _Embeddings.lookup([item.pk for item in items])
    return [_item_out(item, embeddings.get(item.pk), with_errors) for item in items]


def _item_out(item: Item, embedding: EmbeddingOut | None, with_errors: bool) -> ItemOut:
    if embedding is not None and not with_errors:
        embedding = embedding.model_copy(update={"error": None})
    keeper_id: str | None = getattr(item, "keeper_id", None)
    fields = {name: getattr(item, name) for name in ItemOut.model_fields if name not in ("merged_into", "embedding")}
    return ItemOut(**fields, merged_into=keeper_id, embedding=embedding)
