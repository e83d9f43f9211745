"""Triggers are ignored where somebody says so, and what is not ignored costs no subtransaction."""

from __future__ import annotations

import pgtrigger
import pytest
from django.db import connection, transaction

from catalog.models import Item
from search.models import ItemEmbedding
from tests.factories import make_collection

pytestmark = pytest.mark.django_db(transaction=True)


def add(external_id: str) -> Item:
    collection = make_collection(external_id)
    return Item.objects.create(collection=collection, external_id=external_id, title="tent")


def is_marked(item: Item) -> bool:
    return ItemEmbedding.objects.filter(item=item).exists()


def test_the_function_that_every_trigger_asks_catches_no_error() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('public._pgtrigger_should_ignore(name)'::regprocedure)")
        (definition,) = cursor.fetchone()
    assert "EXCEPTION" not in definition.upper()


def test_a_trigger_is_ignored_where_somebody_says_so_and_not_afterwards() -> None:
    with pgtrigger.ignore("search.EmbeddedItem:item_inserted_is_pending"):
        assert not is_marked(add("ignored"))
    assert is_marked(add("marked"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL pgtrigger.ignore = '{}'")
    assert is_marked(add("marked-again"))  # the setting is known to the session now, and empty
