"""Behind PgBouncer in transaction mode: every transaction may be another session, and nothing notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from catalog import locks
from config.doctor import server
from config.embedded.account import service_account
from search.retrieval.upkeep import indexes
from tests.config.deploying.travelling import EXPECTED, database_url, travel_with
from tests.config.doctor.test_examination import faults
from tests.factories import add_items, make_collection

ROOT = Path(__file__).resolve().parents[3]
PORT = 6432  # of a socket's name; nothing listens on the network

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Sessions take turns, so that no two transactions in a row have the same one: what needs a session fails at once.
CONFIGURATION = """
[databases]
* = {place}
[pgbouncer]
pool_mode = transaction
auth_type = any
unix_socket_dir = {folder}
listen_port = {port}
default_pool_size = 6
server_round_robin = 1
ignore_startup_parameters = options
logfile = {folder}/log
"""


@pytest.fixture(scope="module")
def pgbouncer(django_db_setup: None) -> Iterator[str]:
    """The folder of the socket of a PgBouncer before the tests' server."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("No pgbouncer in PATH. On Debian: apt-get install pgbouncer")
    account = service_account()
    with tempfile.TemporaryDirectory(prefix="akin-pgbouncer-") as name:
        folder = Path(name)
        found = connection.settings_dict
        places = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
        place = " ".join(f"{key}={value}" for key, value in places.items() if value)
        (folder / "ini").write_text(CONFIGURATION.format(place=place, folder=folder, port=PORT))
        for path in (folder, folder / "ini"):
            os.chown(path, account.pw_uid, account.pw_gid)
        as_account = ["-u", account.pw_name] if os.geteuid() == 0 else []
        process = subprocess.Popen([program, "-q", *as_account, str(folder / "ini")], stderr=subprocess.DEVNULL)
        try:
            wait_for(folder / f".s.PGSQL.{PORT}", process)
            open_sessions(database_url(host=name, port=PORT))
            yield name
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if socket.exists():
            return
        assert process.poll() is None, "PgBouncer ended."
        time.sleep(0.05)
    raise AssertionError("PgBouncer has no socket.")


def open_sessions(url: str) -> None:
    """Four transactions at a time, so that the pooler has as many sessions from now on."""
    with ExitStack() as all_of_them:
        for _ in range(4):
            all_of_them.enter_context(psycopg.connect(url)).execute("SELECT 1")


@pytest.fixture
def behind_it(pgbouncer: str) -> Iterator[dict[str, Any]]:
    """Akin's connection goes through the pooler. Returns its settings."""
    usual: Any = connections["default"]
    place = {name: usual.settings_dict[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
    pooled = usual.copy()
    pooled.settings_dict |= {"HOST": pgbouncer, "PORT": PORT, "DISABLE_SERVER_SIDE_CURSORS": True, "DIRECT": place}
    connections["default"] = pooled
    try:
        yield pooled.settings_dict
    finally:
        connections["default"] = usual
        pooled.close()


def sessions() -> set[int]:
    """Which sessions answer, one transaction after the other."""
    return {ask("SELECT pg_backend_pid()") for _ in range(12)}


def ask(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_put_embed_search_compare_scan_import_and_decide(pgbouncer: str, tmp_path: Path) -> None:
    urls = {"DATABASE_URL": database_url(host=pgbouncer, port=PORT), "DATABASE_DIRECT_URL": database_url()}
    assert travel_with(ROOT, "pooled", tmp_path, **urls) == EXPECTED


def test_a_lock_lies_in_one_session_and_is_given_back(behind_it: dict[str, Any]) -> None:
    with locks.tried(locks.Lock.DUPLICATES, 7) as is_mine:
        assert is_mine and len(sessions()) == 4
        assert locks.held_keys(locks.Lock.DUPLICATES) == {7}
        with locks.tried(locks.Lock.DUPLICATES, 7) as is_mine_within:
            assert is_mine_within  # as without a pooler: whoever has it may take it again
        assert locks.held_keys(locks.Lock.DUPLICATES) == {7}
    assert locks.held_keys(locks.Lock.DUPLICATES) == set()


def test_without_the_way_past_it_a_lock_is_never_given_back_and_the_doctor_says_so(behind_it: dict[str, Any]) -> None:
    del behind_it["DIRECT"]
    assert len(sessions()) == 4
    with locks.tried(locks.Lock.CHANGE_RUN, 8) as is_mine:
        assert is_mine
    assert locks.held_keys(locks.Lock.CHANGE_RUN) == {8}
    (found,) = faults(server.pooler())
    assert found.level == "error" and "DATABASE_DIRECT_URL" in found.remedy


def test_the_doctor_knows_a_way_past_from_a_pooler(behind_it: dict[str, Any], pgbouncer: str) -> None:
    assert faults(server.pooler()) == faults(server.connections()) == []
    behind_it["DIRECT"] |= {"HOST": pgbouncer, "PORT": PORT}
    (found,) = faults(server.pooler())
    assert "leads to a pooler, too" in found.message


def test_an_index_is_built_with_memory_that_no_other_session_gets(
    behind_it: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "MIN_ITEMS", 1)
    before = ask("SELECT current_setting('maintenance_work_mem')")
    collection = make_collection()
    add_items(collection, {"title": "tent"})
    assert indexes.build_missing() == [f"item_words_c{collection.pk}"]
    assert {ask("SELECT current_setting('maintenance_work_mem')") for _ in range(12)} == {before}
    collection.delete()
    indexes.build_missing()
    assert indexes.missing() == []
