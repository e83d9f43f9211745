"""Uploaded files wait for their person alone, and are forgotten."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from django.test import Client

from catalog.models import Collection, Item
from catalog.services.collections import create_collection
from catalog.uploads import store
from catalog.uploads.tasks import forget_old_uploads
from tests.admin_people import administrator, charlie, curator, member
from tests.catalog.admin.test_exchange import IMPORT, PROCESS, confirm, token_of, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return create_collection(slug="shop")


@pytest.fixture(autouse=True)
def _uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "folder", lambda: tmp_path)


def test_cancelling_forgets_the_file(shop: Collection) -> None:
    browser = curator()
    page = upload(browser, "id,title\n1,A\n")
    assert "was not imported" in confirm(browser, page, cancel="yes").content.decode()
    assert not list(store.folder().iterdir()) and Item.objects.count() == 0


@pytest.mark.parametrize("token", ["", "nothing", "../../etc/passwd", "0" * 32, "\x00", "a" * 5_000])
def test_a_name_that_is_none_of_ours_is_a_clear_message(shop: Collection, token: str) -> None:
    for field in ("upload", "import_file_name"):
        answer = curator_once().post(PROCESS, {field: token}, follow=True)
        assert answer.status_code in (200, 400)
        if answer.status_code == 200:
            assert "This file is not here any more" in answer.content.decode()
    assert Item.objects.count() == 0


def curator_once() -> Client:
    from django.contrib.auth.models import User

    User.objects.filter(username="cleo").delete()
    return curator()


def test_nobody_imports_or_sees_what_somebody_else_uploaded(shop: Collection) -> None:
    page = upload(curator(), "id,title\n1,A\n")
    other = administrator()
    assert "not here any more" in confirm(other, page).content.decode() and Item.objects.count() == 0
    answer = other.get(f"{IMPORT}{token_of(page)}/bad-rows/", follow=True)
    assert "not here any more" in answer.content.decode()
    stranger = charlie()
    addresses = (IMPORT, PROCESS, f"{IMPORT}{token_of(page)}/look/", f"{IMPORT}done/1/")
    assert {stranger.get(address).status_code for address in addresses} == {403}


def test_old_files_are_deleted_by_every_import_page_and_by_beat(shop: Collection) -> None:
    browser = curator()
    for forget in (lambda: browser.get(IMPORT), forget_old_uploads):
        page = upload(browser, "id,title\n1,A\n")
        kept = upload(browser, "id,title\n2,B\n")
        past = time.time() - store.KEPT_SECONDS - 60
        for path in store.folder().glob(f"{token_of(page)}*"):
            os.utime(path, (past, past))
        forget()
        assert {path.name[:32] for path in store.folder().iterdir()} == {token_of(kept)}
        store.forget(kept.context["upload"])


def test_who_acts_in_the_collection_no_longer_imports_nothing_into_it(shop: Collection) -> None:
    browser = member(shop)
    page = upload(browser, "id,title\n1,A\n")
    shop.members.clear()
    assert "You do not act in the collection" in confirm(browser, page).content.decode()
    assert Item.objects.count() == 0
