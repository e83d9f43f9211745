"""The way back from a backup: a data directory as it was when that ended, or at any later moment that was archived."""

from __future__ import annotations

import datetime as dt
import os
import pwd
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from config.embedded import account as accounts
from config.embedded import cluster, lease, postgres
from config.embedded.backups import KEY_FILE, WAL_FOLDER, Backup, backups_in, verify
from config.embedded.layout import DATABASE, EmbeddedServiceError, Layout

LOOK_EVERY = 0.2  # seconds

# The restored server archives nothing until it is told to: its original may still run and write to the same place.
NOT_TAKEN_OVER = re.compile(r"^(archive_command|archive_timeout|restore_command|recovery_\w+) *=.*\n", re.MULTILINE)


END_OF_CHANGES = re.compile(
    r"last completed transaction was at log time (\S+ \S+).*recovery ended before configured recovery target", re.DOTALL
)


@dataclass(frozen=True)
class Restored:
    """What is there again; `last_change` is that of the last transaction replayed, None where there was none."""

    backup: Backup
    last_change: dt.datetime | None


def choose(folder: Path, until: dt.datetime | None) -> Backup:
    """`folder` itself if it is a backup, else the newest in it of before `until`. Raises EmbeddedServiceError."""
    folder = folder.resolve()
    is_one = (folder / "postgres").is_dir()
    at_hand = [b for b in backups_in(folder.parent if is_one else folder) if not is_one or b.folder == folder]
    if not at_hand:
        raise EmbeddedServiceError(f"There is no backup in {folder}. `manage.py backup {folder}` makes one.")
    early = [backup for backup in at_hand if until is None or backup.taken_at <= until]
    if not early:
        raise EmbeddedServiceError(
            f"The oldest backup in {folder}, of {at_hand[0].taken_at:%Y-%m-%d %H:%M:%S} UTC, is later than --until."
        )
    return early[-1]


def restore(layout: Layout, folder: Path, *, until: dt.datetime | None) -> Restored:
    """Makes the data directory's PostgreSQL from a backup, and replays what was archived since, up to `until`.

    Raises EmbeddedServiceError when there is one already, the backup is damaged, or `until` cannot be reached; the data
    directory is then as it was.
    """
    backup = choose(folder, until)
    with lease.starting_or_stopping(layout):
        if layout.postgres.exists():
            raise EmbeddedServiceError(
                f"{layout.postgres} is there already. Move it away, or restore into another AKIN_DATA_DIR."
            )
        verify(backup.postgres)
        account = accounts.service_account()
        try:
            _copy(backup, layout, account, until)
            last_change = _replay(layout)
        except BaseException as error:
            postgres.stop(layout)
            shutil.rmtree(layout.postgres, ignore_errors=True)
            if isinstance(error, EmbeddedServiceError) and (end := END_OF_CHANGES.search(str(error))):
                raise EmbeddedServiceError(f"The archived changes end at {end[1]}, before --until.") from error
            raise
        if (backup.folder / KEY_FILE).exists():
            shutil.copy2(backup.folder / KEY_FILE, layout.data_dir / KEY_FILE)
    return Restored(backup, last_change)


def _copy(backup: Backup, layout: Layout, account: pwd.struct_passwd, until: dt.datetime | None) -> None:
    shutil.copytree(backup.postgres, layout.postgres)
    archive = backup.folder.parent / WAL_FOLDER
    _write_recovery(layout, archive if archive.is_dir() else None, until)
    _hand_over([layout.postgres, archive] if archive.is_dir() else [layout.postgres], account)
    layout.postgres.chmod(0o700)


def _hand_over(folders: list[Path], account: pwd.struct_passwd) -> None:
    """Lets the server's account read them: it would take a file that it cannot read for the end of the archive."""
    for path in (path for folder in folders for path in (folder, *folder.rglob("*"))):
        if os.geteuid() == 0:
            os.chown(path, account.pw_uid, account.pw_gid)
        elif not os.access(path, os.R_OK):
            raise EmbeddedServiceError(f"{path} cannot be read by this user.")
    accounts.make_reachable([folder / "a file" for folder in folders], account)


def _write_recovery(layout: Layout, archive: Path | None, until: dt.datetime | None) -> None:
    if until is not None and archive is None:
        raise EmbeddedServiceError("--until needs the changes since the backup, and none were archived beside it.")
    settings = layout.postgres / "postgresql.auto.conf"
    kept = NOT_TAKEN_OVER.sub("", settings.read_text())
    if archive is not None:
        place = str(archive.resolve()).replace("'", "'\\''").replace("%", "%%")
        command = f"cp '{place}'/%f %p".replace("'", "''")
        kept += f"restore_command = '{command}'\n"
        (layout.postgres / "recovery.signal").touch()
    if until is not None:
        kept += f"recovery_target_time = '{until.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}+00'\n"
        kept += "recovery_target_action = 'promote'\n"
    settings.write_text(kept)


def _replay(layout: Layout) -> dt.datetime | None:
    """Returns the time of the last change, when all is replayed and the server stopped again."""
    postgres.start(layout)
    while (found := _progress(layout))[0]:
        time.sleep(LOOK_EVERY)
    postgres.stop(layout)
    settings = layout.postgres / "postgresql.auto.conf"
    settings.write_text(NOT_TAKEN_OVER.sub("", settings.read_text()))
    return found[1]


def _progress(layout: Layout) -> tuple[bool, dt.datetime | None]:
    """Whether the server still replays, and the time of the last change that it has replayed."""
    import psycopg

    try:
        with psycopg.connect(cluster.as_superuser(layout, DATABASE), autocommit=True) as connection:
            row = connection.execute("SELECT pg_is_in_recovery(), pg_last_xact_replay_timestamp()").fetchone()
    except psycopg.OperationalError as error:
        raise EmbeddedServiceError(postgres.failure(layout, "it ended while it replayed changes")) from error
    assert row is not None
    return row
