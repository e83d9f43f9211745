"""Nothing of a collection is forgotten: every table and column is carried over, or left out on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from search.transfer.parts import PARTS

LEFT_OUT = {
    "catalog_run",  # what went on here
    "search_event",  # what people looked at, liked and hid
    "search_searchcount",  # what was searched for here
    "search_itemaudience",  # follows from that
    "search_comparedpart",  # how far a scan has come
    "catalog_apikey_collections",
    "catalog_collection_members",
}
# Set by triggers, generated, of this database alone, or a person's account here.
DERIVED = {
    "catalog_item": {
        "language",
        "identifiers",
        "identifier_parts",
        "attribute_texts",
        "search_vector",
        "text_digest",
    },
    "search_itemembedding": {
        "priority",
        "revision",
        "next_attempt_at",
        "lost_workers",
        "lease_token",
        "lease_expires_at",
    },
}
EVERYWHERE = {"id", "collection_id", "decided_by_id", "applied_by_id"}


def tables() -> dict[str, type[models.Model]]:
    """Those whose rows belong to a collection."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        fields: list[Any] = list(model._meta.fields)
        if not model._meta.proxy and any(field.attname == "collection_id" for field in fields):
            found[model._meta.db_table] = model
    return found


def test_every_table_of_a_collection_is_a_part_or_left_out_on_purpose() -> None:
    assert set(tables()) - {"search_collectionchange"} == {part.table for part in PARTS} | LEFT_OUT


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_column_is_carried_over_or_derived(part: Any) -> None:
    columns = {field.column for field in tables()[part.table]._meta.fields}
    assert columns - EVERYWHERE - DERIVED.get(part.table, set()) == set(part.columns) - EVERYWHERE
