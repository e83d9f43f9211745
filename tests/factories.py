"""Collections and items as tests want them, written by the same services as everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from search.embedding.queue import pipeline
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind, SpaceState
from search.retrieval.search import search
from search.retrieval.types import SearchRequest, SearchResult
from search.retrieval.upkeep import statistics

REAL_SPACE_ID = 900_001  # one for all tests of a process, so that the model is loaded once

SCHEMA: dict[str, dict[str, Any]] = {
    "brand": {"type": "term", "facet": True},
    "colours": {"type": "term", "facet": True},
    "price": {"type": "number", "facet": True},
    "released": {"type": "date"},
    "sku": {"type": "term", "identifier": True},
}


def make_collection(slug: str = "shop", **fields: Any) -> Collection:
    return create_collection(slug=slug, **{"attribute_schema": SCHEMA, **fields})


def add_items(collection: Collection, *items: dict[str, Any]) -> list[Item]:
    """Writes the items, whose `external_id` is made up where there is none, and returns them in order."""
    start = Item.objects.filter(collection=collection).count()
    entries = [parse_item({"external_id": f"i{start + n}", **item}) for n, item in enumerate(items)]
    upsert_items(collection=collection, entries=entries)
    found = {item.external_id: item for item in Item.objects.filter(collection=collection)}
    return [found[entry.external_id] for entry in entries]


def make_searchable(collection: Collection) -> None:
    """Embeds what waits and counts the words, as workers and beat do."""
    pipeline.drain()
    statistics.refresh(collection.pk)


def shop_of(*items: dict[str, Any], slug: str = "shop", **fields: Any) -> Collection:
    """A collection of these items, ready to be searched."""
    collection = make_collection(slug, **fields)
    add_items(collection, *items)
    make_searchable(collection)
    return collection


def find(collection: Collection, query_text: str = "", **options: Any) -> SearchResult:
    return search(SearchRequest(collection, query_text, **options))


def ids(result: SearchResult) -> list[str]:
    return [hit.external_id for hit in result.hits]


def facet(result: SearchResult, name: str) -> dict[str, int]:
    return {value.value: value.count for value in result.facets[name]}


def all_pages(collection: Collection, query_text: str, *, limit: int, **options: Any) -> Sequence[str]:
    """The external ids of every page in turn."""
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        result = find(collection, query_text, limit=limit, offset=offset, **options)
        found += ids(result)
        offset = result.next_offset
    return found


def use_real_model() -> EmbeddingSpace:
    """Makes the real model the one that items and queries are encoded by."""
    EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE).update(state=SpaceState.RETIRED)
    return EmbeddingSpace.objects.create(
        pk=REAL_SPACE_ID,
        name="minilm-for-tests",
        kind=EncoderKind.SENTENCE_TRANSFORMERS,
        model="all-MiniLM-L6-v2",
        dimensions=384,
        state=SpaceState.ACTIVE,
    )
