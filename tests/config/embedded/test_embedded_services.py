"""The embedded services: shared while anybody uses them, gone afterwards, and back after every way to die."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config import embedded
from config.embedded import EmbeddedServiceError, Layout, postgres, redis
from config.embedded.cluster import _build_memory, _build_workers
from config.embedded.processes import is_alive
from tests.config.members import Member, kill_all, servers

pytestmark = pytest.mark.faults

Join = Callable[[Path], Member]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A data directory whose cluster exists; every test finds and leaves it stopped."""
    folder = Path(tempfile.mkdtemp(prefix="akin-"))
    yield folder
    kill_all(servers(folder))
    shutil.rmtree(folder)


@pytest.fixture
def join() -> Iterator[Join]:
    """Makes members, and kills those that a failed test leaves."""
    members: list[Member] = []

    def joined(data_dir: Path) -> Member:
        members.append(Member(data_dir))
        return members[-1]

    yield joined
    for member in members:
        member.kill()


@pytest.fixture
def data_dir(cluster: Path) -> Iterator[Path]:
    assert not servers(cluster)
    yield cluster
    left = servers(cluster)
    kill_all(left)
    assert not left


def run(data_dir: Path, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(Layout(data_dir).database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def write_something(data_dir: Path) -> None:
    run(data_dir, "CREATE TABLE IF NOT EXISTS kept (n int); TRUNCATE kept; INSERT INTO kept VALUES (7)")


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgres/postmaster.pid").read_text().split()[0]))


def test_members_share_one_pair_of_servers_until_the_last_one_leaves(data_dir: Path, join: Join) -> None:
    first, second = join(data_dir), join(data_dir)
    started = {process.pid for process in servers(data_dir)}
    first.leave()
    assert postgres.is_running(Layout(data_dir))
    assert redis.is_running(Layout(data_dir))
    assert postmaster(data_dir).pid in started
    second.leave()
    assert not servers(data_dir)


def test_joining_running_servers_takes_no_time_worth_mentioning(data_dir: Path, join: Join) -> None:
    member = join(data_dir)
    started = time.perf_counter()
    embedded.join(data_dir)
    took = time.perf_counter() - started
    member.leave()
    embedded.leave(data_dir)
    assert took < 0.1


def test_a_killed_member_has_left(data_dir: Path, join: Join) -> None:
    killed, other = join(data_dir), join(data_dir)
    killed.kill()
    other.leave()
    assert not servers(data_dir)


def test_a_forked_child_that_ends_takes_nothing_with_it(data_dir: Path, join: Join) -> None:
    member = join(data_dir)
    assert member.tell("fork") == "done False"
    assert postgres.is_running(Layout(data_dir))
    member.leave()


def test_a_forked_child_that_stays_does_not_keep_the_servers(data_dir: Path, join: Join) -> None:
    member = join(data_dir)
    member.tell("fork and stay")
    member.leave()
    assert not servers(data_dir)


def test_committed_rows_survive_the_death_of_everything(data_dir: Path, join: Join) -> None:
    member = join(data_dir)
    write_something(data_dir)
    member.kill()
    kill_all(servers(data_dir))
    assert (data_dir / "postgres/postmaster.pid").exists()
    assert (data_dir / "run/redis.sock").exists()
    member = join(data_dir)
    assert run(data_dir, "SELECT n FROM kept") == [(7,)]
    member.leave()


def test_a_postmaster_that_was_killed_is_replaced_though_its_children_live_on(data_dir: Path, join: Join) -> None:
    member = join(data_dir)
    write_something(data_dir)
    with psycopg.connect(Layout(data_dir).database_url) as busy:
        child = psutil.Process(busy.info.backend_pid)
        child.suspend()  # it cannot notice that its parent dies
        kill_all([postmaster(data_dir)])
        assert child.is_running()
        second = join(data_dir)
        assert not is_alive(child)
        assert run(data_dir, "SELECT n FROM kept") == [(7,)]
    second.leave()
    member.leave()


def test_a_pid_file_whose_number_now_belongs_to_somebody_else_is_no_obstacle(data_dir: Path, join: Join) -> None:
    member = join(data_dir)
    member.kill()
    kill_all(servers(data_dir))
    file = data_dir / "postgres/postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    join(data_dir).leave()


def test_nobody_but_the_account_itself_gets_in(data_dir: Path, join: Join) -> None:
    member = join(data_dir)
    for process in servers(data_dir):
        assert not process.net_connections("inet")
    for name in ("run", "postgres", "redis"):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o700
    assert run(data_dir, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
    assert run(data_dir, "SELECT current_setting('fsync'), current_setting('listen_addresses')") == [("on", "")]
    member.leave()


def test_a_folder_that_was_never_finished_is_set_aside(tmp_path: Path, join: Join) -> None:
    (tmp_path / "postgres/base").mkdir(parents=True)
    (tmp_path / "postgres/PG_VERSION").write_text("18\n")
    (tmp_path / "postgres.new-123").mkdir()
    said = join(tmp_path).leave()
    assert "never finished" in said
    assert not (tmp_path / "postgres.new-123").exists()
    assert len(list(tmp_path.glob("postgres.unfinished-*"))) == 1
    assert not servers(tmp_path)


def test_a_damaged_folder_that_held_data_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/akin.ready").touch()
    with pytest.raises(EmbeddedServiceError, match="damaged"):
        embedded.join(tmp_path)
    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["akin.ready"]


def test_a_cluster_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres/global").mkdir(parents=True)
    for name in ("global/pg_control", "postgresql.conf"):
        (tmp_path / "postgres" / name).touch()
    (tmp_path / "postgres/PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServiceError, match="PostgreSQL 16"):
        embedded.join(tmp_path)


def test_a_data_directory_deleted_from_under_a_member_is_noticed_and_can_be_made_anew(
    tmp_path: Path, join: Join
) -> None:
    data_dir = tmp_path / "data"
    old = join(data_dir)
    before = servers(data_dir)
    shutil.rmtree(data_dir)
    assert old.tell("look") == "done True"
    new = join(data_dir)
    assert not any(is_alive(process) for process in before)
    new.leave()
    old.leave()
    assert not servers(data_dir)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServiceError, match=r"AKIN_DATA_DIR=.*file/data"):
        embedded.join(tmp_path / "file" / "data")


def test_a_path_too_long_for_sockets_gets_a_private_folder_elsewhere(tmp_path: Path) -> None:
    layout = Layout(tmp_path / ("long" * 30))
    assert layout.sockets.parent == Path("/tmp")  # noqa: S108
    with socket.socket(socket.AF_UNIX) as probe:
        layout.sockets.mkdir(mode=0o700)
        try:
            probe.bind(f"{layout.sockets}/.s.PGSQL.5432.lock")
        finally:
            shutil.rmtree(layout.sockets)


@pytest.mark.parametrize(("processors", "workers"), [(1, 0), (2, 0), (3, 1), (4, 2), (64, 2)])
def test_building_an_index_leaves_a_processor_to_searches(processors: int, workers: int) -> None:
    assert _build_workers(processors) == workers


@pytest.mark.parametrize(("memory", "megabytes"), [(1 << 30, 256), (16 << 30, 2_048), (512 << 30, 8_192)])
def test_an_index_is_built_in_an_eighth_of_the_memory(memory: int, megabytes: int) -> None:
    assert _build_memory(memory) == megabytes
