"""Which items a visitor may look at: drafts, archived and merged ones are for curators only."""

from __future__ import annotations

from catalog.access import Actor
from catalog.errors import NotFound
from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from catalog.services.items import get_item

MAX_MERGES = 20  # a keeper may itself have been merged


def visible_item(*, actor: Actor, collection: Collection, external_id: str) -> Item:
    """The item, or the keeper it was merged into. Raises NotFound alike for missing and for hidden items."""
    item = get_item(collection=collection, external_id=external_id)
    for _ in range(MAX_MERGES):
        if item.merged_into is None:
            break
        item = item.merged_into
    if not item.is_visible and not actor.has(Scope.CURATE, collection):
        raise NotFound(f"There is no item '{external_id}' in '{collection.slug}'.")
    return item
