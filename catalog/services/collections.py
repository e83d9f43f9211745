"""Creating, changing and deleting collections."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from catalog.errors import Conflict, InvalidInput, NotFound
from catalog.models import ApiKey, Collection
from catalog.models.collection import SchemaSource
from catalog.schemas import parse_attribute_schema, parse_duplicate_policy, parse_search_settings
from catalog.services.api_keys import revoke_keys
from catalog.services.rereading import is_other_schema, reread_items
from catalog.signals import duplicate_policy_changed, items_changed

FIELDS = frozenset(
    {"name", "description", "language", "visibility", "attribute_schema", "duplicate_policy", "search_settings"}
)


def get_collection(*, slug: str) -> Collection:
    """Raises NotFound. Checks no access: see catalog.access."""
    collection = Collection.objects.filter(slug=slug).first()
    if collection is None:
        raise NotFound(f"There is no collection '{slug}'.")
    return collection


def create_collection(*, slug: str, name: str = "", **fields: Any) -> Collection:
    """Raises Conflict when the slug is taken and InvalidInput when a value breaks a rule."""
    collection = Collection(slug=slug, name=name or slug.replace("-", " ").capitalize())
    _assign(collection, fields)
    if collection.attribute_schema:
        collection.schema_source = SchemaSource.EDITED
    _validate(collection)
    if Collection.objects.filter(slug=slug).exists():
        raise Conflict(f"A collection '{slug}' exists already.")
    collection.save(force_insert=True)
    return collection


def get_or_create_collection(*, slug: str) -> Collection:
    """The collection with that slug, made with defaults when there is none."""
    return Collection.objects.filter(slug=slug).first() or create_collection(slug=slug)


def update_collection(*, collection: Collection, **fields: Any) -> Collection:
    """Changes the named fields and no others, whatever the instance holds. Raises InvalidInput.

    Who names a schema decides on it: from then on it is edited, also where it is the one that was found.
    """
    with transaction.atomic():
        stored = _locked(collection)
        schema, policy = stored.attribute_schema, stored.duplicate_policy
        _assign(stored, fields)
        _validate(stored)
        has_other_schema = is_other_schema(schema, stored.attribute_schema)
        if has_other_schema or fields.get("attribute_schema"):
            stored.schema_source = SchemaSource.EDITED
        stored.save()
        if has_other_schema:
            reread_items(stored)
        transaction.on_commit(lambda: announce(stored.pk))
        if policy != stored.duplicate_policy:
            transaction.on_commit(lambda: duplicate_policy_changed.send_robust(sender=Collection, collection=stored))
    for name in (*FIELDS, "schema_source", "updated_at"):
        setattr(collection, name, getattr(stored, name))
    return collection


def _locked(collection: Collection) -> Collection:
    stored = Collection.objects.select_for_update(no_key=True).filter(pk=collection.pk).first()
    if stored is None:
        raise NotFound(f"There is no collection '{collection.slug}'.")
    return stored


def delete_collection(*, collection: Collection) -> None:
    """Deletes the collection with all its items. Triggers remove what was derived from them.

    A key that is for this collection alone ends with it. The keys are locked first, so that of two deletions at once
    the later one sees what the earlier one left of them. Raises NotFound if it is gone already.
    """
    with transaction.atomic():
        pk = collection.pk
        keys = [key.pk for key in ApiKey.objects.filter(collections=pk).order_by("pk").select_for_update(of=("self",))]
        others = ApiKey.objects.filter(collections__in=Collection.objects.exclude(pk=pk))
        revoke_keys(keys=ApiKey.objects.filter(pk__in=keys, all_collections=False).exclude(pk__in=others))
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM catalog_item WHERE collection_id = %s", [pk])
        if not collection.delete()[1].get("catalog.Collection"):
            raise NotFound(f"There is no collection '{collection.slug}'.")
        transaction.on_commit(lambda: announce(pk))


def announce(collection_id: int) -> None:
    """Tells listeners that items of the collection changed. Never raises: it is only a wake-up."""
    items_changed.send_robust(sender=Collection, collection_id=collection_id)


def _assign(collection: Collection, fields: dict[str, Any]) -> None:
    if unknown := sorted(set(fields) - FIELDS):
        raise InvalidInput(f"Unknown field: {', '.join(unknown)}.")
    for name, value in fields.items():
        setattr(collection, name, value)


def _validate(collection: Collection) -> None:
    parse_attribute_schema(collection.attribute_schema)
    parse_duplicate_policy(collection.duplicate_policy)
    parse_search_settings(collection.search_settings)
    for name in ("slug", "name", "description"):
        if "\x00" in getattr(collection, name):
            reason = "must not contain the NUL character"
            raise InvalidInput(f"{name}: {reason}", [{"field": name, "reason": reason}])
    try:
        collection.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        problems = [{"field": field, "reason": " ".join(messages)} for field, messages in error.message_dict.items()]
        message = "; ".join(f"{p['field']}: {p['reason']}" for p in problems)
        raise InvalidInput(message, problems) from error
