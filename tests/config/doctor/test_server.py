"""The doctor looks at the server: durability, letters, clocks, connections, disk."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from config.doctor import server, surroundings
from tests.config.doctor.test_examination import _Inspect, faults

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a running Akin; nobody is asked."""
    queues = {"embedding@here": [{"name": "embedding"}], "jobs@here": [{"name": "default"}]}
    monkeypatch.setattr("config.celery.app.control.inspect", lambda timeout: _Inspect(queues))


def test_a_server_that_may_lose_what_was_committed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server.DURABLE, "fsync", "not this")
    (found,) = faults(server.durability())
    assert found.level == "error" and "fsync is on" in found.message


def test_changes_that_are_not_archived_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(server.archive()) == []
    monkeypatch.setattr(server, "_row", lambda sql: (True, "000000010000000000000007", 12))
    (found,) = faults(server.archive())
    assert "000000010000000000000007 failed, 12 failures" in found.message


def test_letters_that_the_database_does_not_know_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(server.locale()) == []
    monkeypatch.setattr(server, "_row", lambda sql, *_: ("ÄÉЖ", "'z':1 'rich':2"))
    monkeypatch.setattr(server, "_value", lambda sql: "UTF8")
    (found,) = faults(server.locale())
    assert "it reads 'Zürich Жук' as 'z':1 'rich':2" in found.message


def test_clocks_that_differ_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.doctor.server.timezone.now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    (found,) = faults(server.clock())
    assert "clock and the database's differ" in found.message


def test_more_connections_than_the_server_gives_are_a_warning(settings: Settings) -> None:
    assert faults(server.connections()) == []
    settings.WEB_PROCESSES = 64
    (found,) = faults(server.connections())
    assert "WEB_PROCESSES" in found.remedy


def test_a_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100 << 30, 100 << 30, 1 << 20))
    (found,) = faults(surroundings.disk())
    assert found.level == "error" and "0.0 of 100.0 GB are free" in found.message


@pytest.mark.parametrize(("wanted", "told"), [(0, 0), (2, 1)])
def test_tables_that_are_not_divided_as_asked_are_a_warning(settings: Settings, wanted: int, told: int) -> None:
    settings.AKIN_PARTITIONS = wanted
    assert [finding.level for finding in server.partitions()] == ["warning"] * told
