"""Searches are answered by a copy of the database, never by one that lacks what its reader wrote or is far behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from catalog.access import create_key
from catalog.models import Collection
from catalog.models.api_key import Scope
from search.models import EmbeddingSpace
from search.retrieval import standbys
from tests.factories import make_collection, shop_of
from tests.search.retrieval.copies import Copy, copy_in

ALIAS = "standby1"
pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", ALIAS]), pytest.mark.slow]

# Known before the tests' databases are made, of which it is a mirror; where it is follows when the copy runs.
_usual = connections.databases["default"]
connections.databases.setdefault(ALIAS, {**_usual, "CONN_MAX_AGE": 0, "TEST": {**_usual["TEST"], "MIRROR": "default"}})


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Copy]:
    with copy_in(tmp_path_factory.mktemp("copy") / "data") as running:
        yield running


@pytest.fixture(autouse=True)
def _followed(copy: Copy, settings: Settings) -> Iterator[None]:
    settings.AKIN_STANDBYS = (ALIAS,)
    settings.AKIN_STANDBY_LAG = 1
    connections[ALIAS].settings_dict |= {"HOST": str(copy.layout.sockets), "NAME": connection.settings_dict["NAME"]}
    standbys.forget()
    yield
    copy.ask("SELECT pg_wal_replay_resume()")
    connections[ALIAS].close()
    standbys.forget()


def is_copy() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        return bool(cursor.fetchone()[0])


def pause(copy: Copy) -> None:
    """Replay ends where it is, which takes a moment."""
    copy.ask("SELECT pg_wal_replay_pause()")
    assert eventually(lambda: copy.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def titles(client: Client, shop: Collection, secret: str) -> list[str]:
    found = client.get(
        f"/api/v1/collections/{shop.slug}/search", {"q": "tent"}, headers={"Authorization": f"Bearer {secret}"}
    )
    assert found.status_code == 200, found.content
    return [hit["title"] for hit in found.json()["hits"]]


def test_a_copy_that_keeps_up_answers_and_what_writes_does_not_go_there() -> None:
    assert eventually(lambda: standbys.read(is_copy))
    assert not is_copy()


def test_searches_find_on_the_copy_what_is_there(client: Client) -> None:
    shop = shop_of({"title": "dome tent"})
    _, secret = create_key(name="reader", scope=Scope.READ)
    assert eventually(lambda: titles(client, shop, secret) == ["dome tent"] and standbys.read(is_copy))


def test_whoever_wrote_reads_that_while_others_may_be_answered_by_the_copy(
    copy: Copy, client: Client, settings: Settings
) -> None:
    settings.AKIN_STANDBY_LAG = 60
    shop = shop_of({"external_id": "t1", "title": "dome tent"})
    _, writer = create_key(name="writer", scope=Scope.WRITE)
    _, other = create_key(name="other", scope=Scope.READ)
    assert eventually(lambda: standbys.read(lambda: is_copy() and shop.items.exists()))
    pause(copy)
    item = {"title": "family tent"}
    written = client.put(
        f"/api/v1/collections/{shop.slug}/items/t1",
        item,
        content_type="application/json",
        headers={"Authorization": f"Bearer {writer}"},
    )
    assert written.status_code == 200
    assert titles(client, shop, writer) == ["family tent"]
    assert titles(client, shop, other) == ["dome tent"]
    copy.ask("SELECT pg_wal_replay_resume()")
    assert eventually(lambda: titles(client, shop, other) == ["family tent"])


def test_a_copy_that_lacks_the_space_leaves_the_search_to_the_primary(
    copy: Copy, client: Client, settings: Settings
) -> None:
    """The first search of all makes the space that it needs, which a copy cannot."""
    settings.AKIN_STANDBY_LAG = 60
    EmbeddingSpace.objects.all().delete()
    assert eventually(lambda: standbys.read(lambda: is_copy() and not EmbeddingSpace.objects.exists()))
    pause(copy)
    shop = shop_of({"title": "dome tent"})
    _, secret = create_key(name="reader", scope=Scope.READ)
    assert titles(client, shop, secret) == ["dome tent"]


def test_a_copy_that_is_too_far_behind_answers_nobody(copy: Copy) -> None:
    assert eventually(lambda: standbys.read(is_copy))
    pause(copy)
    make_collection("after")
    assert eventually(lambda: not standbys.read(is_copy))
    copy.ask("SELECT pg_wal_replay_resume()")
    assert eventually(lambda: standbys.read(is_copy))


def test_the_primary_answers_when_the_copy_fails_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    assert eventually(lambda: standbys.read(is_copy))
    asked: list[bool] = []

    def ask() -> bool:
        asked.append(is_copy())
        if asked[-1]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return asked[-1]

    assert standbys.read(ask) is False
    assert asked == [True, False]
    assert standbys.read(is_copy) is False  # it is left alone for a while
    monkeypatch.setattr(standbys, "ASIDE_SECONDS", 0.0)


def test_without_copies_nothing_is_asked_or_noted(settings: Settings) -> None:
    settings.AKIN_STANDBYS = ()
    assert standbys.read(is_copy) is False
    standbys.remember_write("somebody")


def test_inside_a_transaction_the_primary_answers() -> None:
    from django.db import transaction

    assert eventually(lambda: standbys.read(is_copy))
    with transaction.atomic():
        assert standbys.read(is_copy) is False
