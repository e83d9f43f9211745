"""The JSON API of the catalog: collections, items and bulk writing."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from catalog.access import readable_collections, require
from catalog.bodies import (
    BulkOut,
    CollectionCreate,
    CollectionPatch,
    ItemPatch,
    ItemReplace,
    bulk_body,
    bulk_entries,
    bulk_out,
)
from catalog.cursors import cursor_of, fingerprint, position_of
from catalog.http import (
    actor_of,
    collection_to_change,
    collection_to_read,
    item_to_read,
    stored_item,
)
from catalog.models import Collection
from catalog.models.api_key import Scope
from catalog.representation import (
    CollectionOut,
    CollectionPage,
    ItemOut,
    ItemPage,
    collection_out,
    items_out,
    items_to_show,
)
from catalog.schemas import ItemInput, parse_item
from catalog.services import bulk, changes, collections, items

router = Router()

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[Annotated[str, Field(min_length=1)] | None, Query(description="next_cursor of the page before")]


@router.get("", response=CollectionPage, tags=["Collections"])
def list_collections(request: HttpRequest, limit: Limit = 50, cursor: Cursor = None) -> CollectionPage:
    """The collections you may read, by slug."""
    question = fingerprint("collections")
    found = readable_collections(actor_of(request)).order_by("slug")
    if cursor is not None:
        found = found.filter(slug__gt=position_of(cursor, question))
    page = list(found[: limit + 1])
    next_cursor = cursor_of(page[limit - 1].slug, question) if len(page) > limit else None
    return CollectionPage(collections=[collection_out(one) for one in page[:limit]], next_cursor=next_cursor)


@router.post("", response={201: CollectionOut}, tags=["Collections"])
def create_collection(request: HttpRequest, body: CollectionCreate) -> Status[CollectionOut]:
    """Needs the scope `curate` on all collections."""
    require(actor_of(request), Scope.CURATE)
    collection = collections.create_collection(**body.model_dump(exclude_unset=True))
    return Status(201, collection_out(collection))


@router.get("/{slug}", response=CollectionOut, tags=["Collections"])
def get_collection(request: HttpRequest, slug: str) -> CollectionOut:
    """One collection with its attribute schema."""
    return collection_out(collection_to_read(request, slug))


@router.patch("/{slug}", response=CollectionOut, tags=["Collections"])
def change_collection(request: HttpRequest, slug: str, body: CollectionPatch) -> CollectionOut:
    """Replaces the fields that are named. Needs the scope `curate`."""
    collection = collection_to_change(request, slug, Scope.CURATE)
    fields = body.model_dump(exclude_unset=True)
    return collection_out(collections.update_collection(collection=collection, **fields))


@router.delete("/{slug}", response={204: None}, tags=["Collections"])
def delete_collection(request: HttpRequest, slug: str) -> Status[None]:
    """Deletes the collection with all its items. Needs the scope `curate`."""
    collections.delete_collection(collection=collection_to_change(request, slug, Scope.CURATE))
    return Status(204, None)


@router.get("/{slug}/items", response=ItemPage, tags=["Items"])
def list_items(
    request: HttpRequest,
    slug: str,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Literal["draft", "published", "archived"] | None, Query()] = None,
) -> ItemPage:
    """The items in the order in which they were created. Drafts, archived and merged ones are for writers only."""
    collection = collection_to_read(request, slug)
    may_write = actor_of(request).has(Scope.WRITE, collection)
    question = fingerprint("items", collection.pk, status)
    found = items_to_show(collection, hidden_too=may_write).order_by("id")
    if status is not None:
        found = found.filter(status=status)
    if cursor is not None:
        found = found.filter(id__gt=position_of(cursor, question))
    page = list(found[: limit + 1])
    next_cursor = cursor_of(page[limit - 1].pk, question) if len(page) > limit else None
    return ItemPage(items=items_out(page[:limit], with_errors=may_write), next_cursor=next_cursor)


@router.post("/{slug}/items", response={201: ItemOut}, tags=["Items"])
def create_item(request: HttpRequest, slug: str, body: ItemInput) -> Status[ItemOut]:
    """Answers 409 when the external id is taken. Needs the scope `write`."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    items.create_item(collection=collection, entry=body)
    return Status(201, _written(collection, body.external_id))


@router.post("/{slug}/items/bulk", response=BulkOut, tags=["Items"], openapi_extra={"requestBody": bulk_body()})
def write_items(request: HttpRequest, slug: str) -> BulkOut:
    """Creates or replaces up to 1,000 items: a JSON array, or NDJSON with `Content-Type: application/x-ndjson`.

    The results are in the order of the input, and a bad item does not stop the good ones. Needs the scope `write`.
    """
    collection = collection_to_change(request, slug, Scope.WRITE)
    return bulk_out(bulk.upsert_raw(collection=collection, entries=bulk_entries(request)))


@router.get("/{slug}/items/{path:external_id}", response={200: ItemOut, 308: None}, tags=["Items"])
def get_item(request: HttpRequest, slug: str, external_id: str) -> ItemOut:
    """One item. An item that was merged into another answers 308 with the other's address."""
    collection = collection_to_read(request, slug)
    item = item_to_read(request, collection, external_id, route="api:get_item")
    return items_out([item], with_errors=actor_of(request).has(Scope.WRITE, collection))[0]


@router.put("/{slug}/items/{path:external_id}", response={200: ItemOut, 201: ItemOut}, tags=["Items"])
def put_item(request: HttpRequest, slug: str, external_id: str, body: ItemReplace) -> Status[ItemOut]:
    """Creates the item or replaces it as a whole. Needs the scope `write`."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    entry = parse_item({**body.named(external_id), "external_id": external_id})
    _, outcome = items.save_item(collection=collection, entry=entry)
    return Status(201 if outcome == "created" else 200, _written(collection, external_id))


@router.patch("/{slug}/items/{path:external_id}", response=ItemOut, tags=["Items"])
def patch_item(request: HttpRequest, slug: str, external_id: str, body: ItemPatch) -> ItemOut:
    """Replaces the fields that are named. Needs the scope `write`."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    changes.change_item(collection=collection, external_id=external_id, changes=body.named(external_id))
    return _written(collection, external_id)


@router.delete("/{slug}/items/{path:external_id}", response={204: None}, tags=["Items"])
def delete_item(request: HttpRequest, slug: str, external_id: str) -> Status[None]:
    """Deletes this item, never the one that it was merged into. Needs the scope `write`."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    items.delete_item(item=stored_item(collection, external_id))
    return Status(204, None)


def _written(collection: Collection, external_id: str) -> ItemOut:
    return items_out([stored_item(collection, external_id)], with_errors=True)[0]
