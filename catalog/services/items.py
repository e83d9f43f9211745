"""Writing items: one at a time or in bulk, always as an upsert by `external_id`."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.errors import UniqueViolation

from catalog import locks
from catalog.errors import Conflict, NotFound
from catalog.models import Collection, Item
from catalog.schemas import ItemInput
from catalog.services.collections import announce
from catalog.services.learning import learn_schema
from catalog.services.rereading import typed

CONTENT_FIELDS = ("title", "body", "url", "image", "attributes", "status")


Outcome = Literal["created", "updated", "unchanged"]
Content: TypeAlias = tuple[Any, ...]  # the values of CONTENT_FIELDS


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
    """Raises Conflict when the external id is taken, also when somebody else takes it at this very moment.

    Raises InvalidInput for values that the schema does not allow.
    """
    try:
        with transaction.atomic():
            _row(collection, typed(collection, entry)).save(force_insert=True)
            transaction.on_commit(lambda: announce(collection.pk))
    except IntegrityError as error:
        if not _is_taken(error):
            raise
        raise Conflict(f"An item '{entry.external_id}' exists already in '{collection.slug}'.") from error
    learn_schema(collection)
    return get_item(collection=collection, external_id=entry.external_id)


def _is_taken(error: IntegrityError) -> bool:
    """Whether it was the external id that somebody else has. A partition's constraint is named by its columns."""
    cause = error.__cause__
    return isinstance(cause, UniqueViolation) and "external_id" in str(cause.diag.constraint_name)


def save_item(*, collection: Collection, entry: ItemInput) -> tuple[Item, Outcome]:
    """Creates the item or replaces its content. Raises InvalidInput for values that the schema does not allow."""
    written = write_item(collection=collection, entry=typed(collection, entry))
    learn_schema(collection)
    return written


def write_item(*, collection: Collection, entry: ItemInput) -> tuple[Item, Outcome]:
    """Creates the item or replaces its content; its attributes are as the schema wants them."""
    (result,) = upsert_items(collection=collection, entries=[entry])
    return get_item(collection=collection, external_id=entry.external_id), result.outcome


def delete_item(*, item: Item) -> None:
    """Deletes the item; a trigger removes its vectors in the same transaction. Raises NotFound where it is gone."""
    with transaction.atomic():
        collection_id, external_id = item.collection_id, item.external_id
        if not item.delete()[1].get("catalog.Item"):
            raise NotFound(f"There is no item '{external_id}'.")
        transaction.on_commit(lambda: announce(collection_id))


def upsert_items(*, collection: Collection, entries: Sequence[ItemInput]) -> list[UpsertResult]:
    """Writes the entries in one statement and one transaction, and returns a result for each, in order.

    Entries with the same external id count as if they came one after the other: the last one stays. What equals
    what is stored is not written.
    """
    with transaction.atomic():
        if len(entries) > 1:
            _wait_for_other_batches(collection)
        stored = _stored(collection, {entry.external_id for entry in entries})
        before = dict(stored)
        outcomes: list[Outcome] = []
        last: dict[str, ItemInput] = {}
        for entry in entries:
            outcomes.append(_outcome(stored.get(entry.external_id), _content(entry)))
            stored[entry.external_id] = _content(entry)
            last[entry.external_id] = entry
        changed = [entry for key, entry in last.items() if _outcome(before.get(key), stored[key]) != "unchanged"]
        if changed:
            _write(collection, changed)
            transaction.on_commit(lambda: announce(collection.pk))
    return [UpsertResult(entry.external_id, outcome) for entry, outcome in zip(entries, outcomes, strict=True)]


def _wait_for_other_batches(collection: Collection) -> None:
    """Two batches with the same new items in another order would deadlock. A single item waits for nobody."""
    locks.hold_until_commit(locks.Lock.ITEMS, collection.pk)


def _stored(collection: Collection, external_ids: AbstractSet[str]) -> dict[str, Content]:
    """The content of those that exist, locked."""
    rows = (
        Item.objects.filter(collection=collection, external_id__in=external_ids)
        .order_by("id")
        .select_for_update(no_key=True)
        .values_list("external_id", *CONTENT_FIELDS)
    )
    return {row[0]: row[1:] for row in rows}


def _content(entry: ItemInput) -> Content:
    return tuple(getattr(entry, field) for field in CONTENT_FIELDS)


def _outcome(before: Content | None, after: Content) -> Outcome:
    if before is None:
        return "created"
    # Python takes True for 1, which it is not in an item.
    is_same = before == after and _truths(before) == _truths(after)
    return "unchanged" if is_same else "updated"


def _truths(content: Content) -> list[tuple[str, list[bool]]]:
    """Which values of the attributes are true or false, and not numbers."""
    attributes = sorted(content[CONTENT_FIELDS.index("attributes")].items())
    return [
        (name, [isinstance(one, bool) for one in (value if isinstance(value, list) else [value])])
        for name, value in attributes
    ]


def _write(collection: Collection, entries: Sequence[ItemInput]) -> None:
    Item.objects.bulk_create(
        [_row(collection, entry) for entry in entries],
        update_conflicts=True,
        unique_fields=["collection", "external_id"],
        update_fields=[*CONTENT_FIELDS, "updated_at"],
    )


def _row(collection: Collection, entry: ItemInput) -> Item:
    content = {field: getattr(entry, field) for field in CONTENT_FIELDS}
    return Item(collection=collection, external_id=entry.external_id, updated_at=timezone.now(), **content)
