"""What every endpoint of the JSON API shares: who asks, which collection and item, and the error body."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from pydantic import BaseModel

from catalog.access import STRANGER, Actor, actor_of_key, readable_collection, require
from catalog.errors import NotFound, TooLarge, Unauthenticated
from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from catalog.representation import items_to_show

MAX_KEY_LENGTH = 200  # characters


class Problem(BaseModel):
    """What went wrong: a code for programs, a message for people, and for bad input each field with its reason."""

    code: str
    message: str
    details: Any = None


class ErrorBody(BaseModel):
    """The body of every answer whose status is 400 or above."""

    error: Problem


def actor_of_request(request: HttpRequest) -> Actor:
    """The owner of the request's API key, or a stranger without one. Raises Unauthenticated for a wrong key."""
    header = request.headers.get("Authorization", "")
    if not header:
        return STRANGER
    kind, _, secret = header.partition(" ")
    secret = secret.strip()
    if kind.lower() != "bearer" or not secret or len(secret) > MAX_KEY_LENGTH:
        raise Unauthenticated("Send the API key as 'Authorization: Bearer <key>'.")
    return actor_of_key(secret)


def actor_of(request: HttpRequest) -> Actor:
    """The actor that authentication found."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


def collection_to_read(request: HttpRequest, slug: str) -> Collection:
    """Raises NotFound alike for a missing collection and for one that the actor may not know of."""
    if "\x00" in slug:
        raise NotFound("There is no such collection.")
    return readable_collection(actor_of(request), slug)


def collection_to_change(request: HttpRequest, slug: str, scope: Scope) -> Collection:
    """Raises NotFound, Unauthenticated or Forbidden."""
    collection = collection_to_read(request, slug)
    require(actor_of(request), scope, collection)
    return collection


class ItemMovedError(Exception):
    """The item was merged into another one; `location` is the path of the same question about that one."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def stored_item(collection: Collection, external_id: str) -> Item:
    """The item, whether it may be shown or not. Raises NotFound."""
    item = None
    if "\x00" not in external_id:
        item = items_to_show(collection, hidden_too=True).filter(external_id=external_id).first()
    if item is None:
        raise _no_item(collection, external_id)
    item.collection = collection
    return item


def item_to_read(request: HttpRequest, collection: Collection, external_id: str, *, route: str) -> Item:
    """Raises NotFound, also for what only writers may see, and ItemMovedError to `route` for a merged item."""
    item = stored_item(collection, external_id)
    keeper = _keeper(item)
    if not keeper.is_visible and not actor_of(request).has(Scope.WRITE, collection):
        raise _no_item(collection, external_id)
    if keeper.pk != item.pk:
        raise ItemMovedError(reverse(route, kwargs={"slug": collection.slug, "external_id": keeper.external_id}))
    return item


def _keeper(item: Item) -> Item:
    """The item at the end of the chain of merges."""
    seen = {item.pk}
    while item.merged_into is not None and item.merged_into.pk not in seen:
        item = item.merged_into
        seen.add(item.pk)
    return item


def _no_item(collection: Collection, external_id: str) -> NotFound:
    shown = external_id.replace("\x00", "")
    return NotFound(f"There is no item '{shown}' in '{collection.slug}'.")


def body_of(request: HttpRequest, *, limit: int) -> bytes:
    """The request's body of at most `limit` bytes. Raises TooLarge without reading the rest."""
    body: bytes = request.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The body is larger than {limit:,} bytes.")
    return body
