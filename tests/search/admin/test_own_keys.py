"""Keys in the admin reach no further than who makes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from catalog.access import create_key
from catalog.models import ApiKey, Collection
from catalog.models.api_key import Scope
from tests.admin_people import member
from tests.search.admin.test_own_collections import filled, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine() -> Collection:
    return filled("mine")


@pytest.fixture
def theirs() -> Collection:
    return filled("theirs")


@pytest.fixture
def key_maker(mine: Collection) -> Client:
    """A member who may also make keys, but may only read and write items."""
    browser = member(mine)
    user = User.objects.get(username="mia")
    user.groups.clear()
    names = ("view_item", "add_item", "change_item", "view_apikey", "add_apikey", "change_apikey")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return browser


def test_nobody_makes_a_key_that_reaches_further_than_he(
    key_maker: Client, mine: Collection, theirs: Collection
) -> None:
    address = reverse("admin:catalog_apikey_add")
    too_much: list[dict[str, Any]] = [
        {"scope": "curate", "collections": [mine.pk]},
        {"scope": "write", "collections": [theirs.pk]},
        {"scope": "write", "all_collections": "on"},
    ]
    for fields in too_much:
        assert key_maker.post(address, {"name": "k", **fields}).context["adminform"].form.errors
    assert not ApiKey.objects.exists()
    key_maker.post(address, {"name": "k", "scope": "write", "collections": [mine.pk]})
    key = ApiKey.objects.get()
    assert (key.scope, key.all_collections, list(key.collections.all())) == ("write", False, [mine])


def test_keys_that_reach_further_are_neither_seen_nor_revoked(
    key_maker: Client, mine: Collection, theirs: Collection
) -> None:
    create_key(name="own-key", scope=Scope.READ, collections=[mine])
    create_key(name="wide-key", scope=Scope.READ, collections=[mine, theirs])
    create_key(name="all-key", scope=Scope.READ)
    shown = page(key_maker, "catalog_apikey_changelist")
    assert "own-key" in shown
    assert "wide-key" not in shown and "all-key" not in shown
    action = {"action": "revoke", "_selected_action": list(ApiKey.objects.values_list("pk", flat=True))}
    key_maker.post(reverse("admin:catalog_apikey_changelist"), action)
    assert list(ApiKey.objects.filter(revoked_at__isnull=False).values_list("name", flat=True)) == ["own-key"]
