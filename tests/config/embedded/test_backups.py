"""Backups of the embedded PostgreSQL: taken while Akin runs, and restored to any moment since, with the same hits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from config.embedded import Layout, backups
from tests.config.members import kill_all, servers
from tests.config.started import ROOT, end, find_port, read_until, start

pytestmark = pytest.mark.slow

STATES = "SELECT md5(string_agg(e::text, '' ORDER BY id)) FROM search_itemembedding e"
SEARCH = "/api/v1/collections/demo/search?q=blue+tent&limit=20"


class Place:
    """A data directory and the Akin in it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "AKIN_DATA_DIR": str(self.data_dir), "AKIN_ENCODER": "fake", "DATABASE_URL": ""}
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": ""}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self, *arguments: str) -> str:
        result = self.manage(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refused(self, *arguments: str) -> str:
        result = self.manage(*arguments)
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
        return result.stderr

    @contextmanager
    def started(self) -> Iterator[str]:
        """Its address, while it runs."""
        port = find_port()
        process = start(self.data_dir, port, AKIN_ENCODER="fake")
        read_until(process, f"Akin is ready: http://127.0.0.1:{port}")
        assert process.stdout
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process, reader)

    def sql(self, statement: str) -> Any:
        with psycopg.connect(Layout(self.data_dir).database_url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall()[0][0] if cursor.description else None


def hits(address: str) -> list[tuple[str, float]]:
    found = httpx.get(address + SEARCH).raise_for_status().json()["hits"]
    return [(hit["external_id"], hit["score"]) for hit in found]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Path, dict[str, Any]]]:
    """A place, the folder of its backups, and what was there: hits and embedding states before a title changed."""
    place = Place(tmp_path_factory.mktemp("original"))
    folder = place.data_dir.parent / "backups of 100%"
    was: dict[str, Any] = {}
    with place.started() as address:
        first = place.done("backup", str(folder), "--archive")
        assert "verified" in first
        place.sql("CREATE TABLE since_the_backup (n int)")
        was |= {"hits": hits(address), "states": place.sql(STATES), "until": datetime.now(UTC)}
        time.sleep(0.1)
        place.sql("DROP TABLE since_the_backup")
    yield place, folder, was
    for left in (servers(place.data_dir), *(servers(path) for path in place.data_dir.parent.glob("restored*"))):
        kill_all(left)
    shutil.rmtree(folder)


Original = tuple[Place, Path, dict[str, Any]]


@pytest.fixture
def empty(original: Original, request: pytest.FixtureRequest) -> Place:
    place = Place(original[0].data_dir.parent / f"restored-{request.node.name}"[:60])
    shutil.rmtree(place.data_dir, ignore_errors=True)
    return place


def test_a_restored_akin_gives_the_same_hits_and_embeds_nothing_anew(original: Original, empty: Place) -> None:
    _, folder, was = original
    said = empty.done("restore", str(folder), "--until", was["until"].isoformat())
    assert "with what changed until" in said
    with empty.started() as address:
        assert empty.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'since_the_backup'") == 1
        assert hits(address) == was["hits"] != []
        assert empty.sql(STATES) == was["states"]
        assert empty.sql("SELECT current_setting('archive_command')") == "true"


def test_without_a_time_all_that_was_archived_is_there(original: Original, empty: Place) -> None:
    empty.done("restore", str(original[1]))
    found = empty.done("shell", "-v0", "-c", "from catalog.models import Item; print(Item.objects.count())")
    assert int(found) >= 600
    assert (empty.data_dir / "secret_key").read_text() == (original[0].data_dir / "secret_key").read_text()
    assert "is there already" in empty.refused("restore", str(original[1]))


def test_what_cannot_be_restored_is_said_and_leaves_the_directory_empty(original: Original, empty: Place) -> None:
    folder, until = original[1], original[2]["until"]
    assert "archived changes end at" in empty.refused("restore", str(folder), "--until", "2999-01-01")
    assert "later than --until" in empty.refused("restore", str(folder), "--until", "2020-01-01T00:00:00Z")
    assert "There is no backup" in empty.refused("restore", str(folder / "nowhere"))
    alone = folder.parent / "alone"
    (backup,) = backups.backups_in(folder)
    shutil.copytree(backup.folder, alone / backup.folder.name)
    assert "none were archived" in empty.refused("restore", str(alone), "--until", until.isoformat())
    (alone / backup.folder.name / "postgres" / "PG_VERSION").write_text("17\n")
    assert "PG_VERSION is not what was backed up" in empty.refused("restore", str(alone))
    (alone / backup.folder.name / "postgres" / "PG_VERSION").unlink()
    assert "is damaged" in empty.refused("restore", str(alone))
    assert not (empty.data_dir / "postgres").exists()


def test_old_backups_go_with_the_changes_that_only_they_needed(original: Original) -> None:
    place, folder, _ = original
    wal = folder.parent / "kept" / "wal"
    place.done("backup", str(wal.parent), "--archive")
    (first,) = backups.backups_in(wal.parent)
    oldest = first.first_wal
    time.sleep(1.1)
    assert "1 older removed" in place.done("backup", str(wal.parent), "--keep", "1", "--no-archive")
    (second,) = backups.backups_in(wal.parent)
    assert second.taken_at > first.taken_at
    names = [path.name for path in wal.iterdir() if len(path.name) == 24]
    assert min(names, default=second.first_wal) >= second.first_wal > oldest
    assert "at least one" in place.refused("backup", str(wal.parent), "--keep", "0")


def test_a_folder_that_cannot_be_written_is_refused(original: Original) -> None:
    place, folder, _ = original
    file = folder.parent / "a file"
    file.touch()
    assert "cannot be used" in place.refused("backup", str(file / "backups"))
    assert not list(folder.glob(".unfinished*"))


def test_servers_of_ones_own_have_backups_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.management import CommandError, call_command

    monkeypatch.setattr("django.conf.settings.EMBEDDED_SERVICES", ())
    for command in ("backup", "restore"):
        with pytest.raises(CommandError, match="DATABASE_URL names a server"):
            call_command(command, "/nowhere")
