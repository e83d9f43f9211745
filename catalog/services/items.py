"""Writing items: one at a time or in bulk, always as an upsert by `external_id`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.utils import timezone

from catalog.errors import Conflict, NotFound
from catalog.models import Collection, Item
from catalog.schemas import ItemInput
from catalog.services.collections import announce

CONTENT_FIELDS = ("title", "body", "url", "image", "attributes", "status")

Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of one entry."""

    external_id: str
    outcome: Outcome


def get_item(*, collection: Collection, external_id: str) -> Item:
    """Raises NotFound."""
    item = Item.objects.light().filter(collection=collection, external_id=external_id).first()
    if item is None:
        raise NotFound(f"There is no item '{external_id}' in '{collection.slug}'.")
    item.collection = collection
    return item


def create_item(*, collection: Collection, entry: ItemInput) -> Item:
    """Raises Conflict when the external id is taken."""
    if Item.objects.filter(collection=collection, external_id=entry.external_id).exists():
        raise Conflict(f"An item '{entry.external_id}' exists already in '{collection.slug}'.")
    upsert_items(collection=collection, entries=[entry])
    return get_item(collection=collection, external_id=entry.external_id)


def save_item(*, collection: Collection, entry: ItemInput) -> tuple[Item, Outcome]:
    """Creates the item or replaces its content."""
    (result,) = upsert_items(collection=collection, entries=[entry])
    return get_item(collection=collection, external_id=entry.external_id), result.outcome


def delete_item(*, item: Item) -> None:
    """Deletes the item; a trigger removes its vectors in the same transaction."""
    with transaction.atomic():
        collection_id = item.collection_id
        item.delete()
        transaction.on_commit(lambda: announce(collection_id))


def upsert_items(*, collection: Collection, entries: Sequence[ItemInput]) -> list[UpsertResult]:
    """Writes the entries in one statement and one transaction, and returns a result for each, in order.

    Of entries with the same external id the last one wins. An entry that equals what is stored is not written.
    """
    last = {entry.external_id: entry for entry in entries}
    with transaction.atomic():
        outcomes = _outcomes(collection, last)
        changed = [entry for key, entry in last.items() if outcomes[key] != "unchanged"]
        if changed:
            _write(collection, changed)
            transaction.on_commit(lambda: announce(collection.pk))
    return [UpsertResult(entry.external_id, outcomes[entry.external_id]) for entry in entries]


def _outcomes(collection: Collection, entries: dict[str, ItemInput]) -> dict[str, Outcome]:
    stored = {
        row[0]: row[1:]
        for row in Item.objects.filter(collection=collection, external_id__in=list(entries))
        .order_by("id")
        .select_for_update(no_key=True)
        .values_list("external_id", *CONTENT_FIELDS)
    }
    outcomes: dict[str, Outcome] = {}
    for key, entry in entries.items():
        content = tuple(getattr(entry, field) for field in CONTENT_FIELDS)
        outcomes[key] = (
            "created" if key not in stored else "unchanged" if stored[key] == content else "updated"
        )
    return outcomes


def _write(collection: Collection, entries: Sequence[ItemInput]) -> None:
    now = timezone.now()
    Item.objects.bulk_create(
        [
            Item(
                collection=collection,
                external_id=entry.external_id,
                updated_at=now,
                **{field: getattr(entry, field) for field in CONTENT_FIELDS},
            )
            for entry in entries
        ],
        update_conflicts=True,
        unique_fields=["collection", "external_id"],
        update_fields=[*CONTENT_FIELDS, "updated_at"],
    )
