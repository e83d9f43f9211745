"""API keys in the admin: the secret is shown once and kept nowhere."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client

from catalog.access import actor_of_key, create_key
from catalog.errors import Unauthenticated
from catalog.models import ApiKey
from catalog.models.api_key import Scope
from catalog.services.collections import create_collection
from tests.admin_people import administrator, charlie, curator

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/apikey/"
SECRET = re.compile(r"akin_[\w-]{30,}")


def add(browser: Client, **changes: object) -> str:
    """Makes a key in the admin and returns the page that follows."""
    fields = {"name": "Shop", "scope": "write", "expires_at_0": "", "expires_at_1": "", **changes}
    response = browser.post(f"{LIST}add/", fields)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    return response.content.decode()


def test_the_secret_is_shown_once_and_works() -> None:
    shop = create_collection(slug="shop")
    browser = administrator()
    (secret,) = SECRET.findall(add(browser, collections=[shop.pk]))
    actor = actor_of_key(secret)
    assert (actor.name, actor.rank, actor.collection_ids) == ("Shop", 2, frozenset([shop.pk]))
    key = ApiKey.objects.get()
    assert key.created_by is not None
    assert key.created_by.username == "ada"
    pages = "".join(
        browser.get(LIST + path).content.decode() for path in ("", f"{key.pk}/change/", f"{key.pk}/history/")
    )
    assert secret not in pages
    assert key.digest not in pages
    assert secret not in "".join(map(str, LogEntry.objects.values_list("object_repr", "change_message")))
    assert not any("akin_" in str(session.get_decoded()) for session in Session.objects.all())


def test_what_a_key_may_do_does_not_change_later() -> None:
    shop = create_collection(slug="shop")
    key, secret = create_key(name="Shop", scope=Scope.READ)
    key.collections.add(shop)
    digest = key.digest
    changes = {"name": "Renamed", "scope": "curate", "collections": "", "digest": "x", "prefix": "x"}
    administrator().post(f"{LIST}{key.pk}/change/", {**changes, "expires_at_0": "", "expires_at_1": ""})
    key.refresh_from_db()
    assert (key.name, key.scope, key.digest) == ("Renamed", "read", digest)
    assert actor_of_key(secret).collection_ids == frozenset([shop.pk])


def test_a_revoked_key_stops_working_and_stays_on_record() -> None:
    key, secret = create_key(name="Shop", scope=Scope.READ)
    browser = administrator()
    browser.post(LIST, {"action": "revoke", "_selected_action": [key.pk]})
    with pytest.raises(Unauthenticated):
        actor_of_key(secret)
    assert "Revoked." in LogEntry.objects.get().change_message
    assert browser.post(f"{LIST}{key.pk}/delete/", {"post": "yes"}).status_code == 403


def test_curators_and_charlie_see_no_keys() -> None:
    key, _ = create_key(name="Shop", scope=Scope.READ)
    for browser in (curator(), charlie()):
        assert {browser.get(LIST + path).status_code for path in ("", "add/", f"{key.pk}/change/")} == {403}
        assert browser.post(f"{LIST}add/", {"name": "x", "scope": "curate"}).status_code == 403
    assert ApiKey.objects.count() == 1


def test_what_a_new_key_covers_is_said_expressly() -> None:
    shop = create_collection(slug="shop")
    browser = administrator()
    fields = {"name": "x", "scope": "curate", "expires_at_0": "", "expires_at_1": ""}
    for covers in ({}, {"all_collections": "on", "collections": [shop.pk]}):
        page = browser.post(f"{LIST}add/", {**fields, **covers}).content.decode()
        assert "Choose collections, or tick" in page
    assert not ApiKey.objects.exists()
    (secret,) = SECRET.findall(add(browser, all_collections="on"))
    assert actor_of_key(secret).collection_ids is None
