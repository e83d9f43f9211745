"""Backups of the embedded PostgreSQL: whole copies while it runs, and every change since, as files of WAL.

A folder of backups holds one folder for each (`2026-11-27T015500Z/postgres`, and `secret_key` beside it) and, once
changes are archived, `wal/`. `restoring` reads it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import orjson

from config.embedded import account as accounts
from config.embedded import cluster
from config.embedded.layout import SUPERUSER, EmbeddedServiceError, Layout

TIME_FORMAT = "%Y-%m-%dT%H%M%SZ"
WAL_FOLDER = "wal"
KEY_FILE = "secret_key"
ARCHIVE_SECONDS = 60  # after which a change is in the archive at the latest, if there is any
MARGIN = 1.1  # of the disk that a backup needs, because writing goes on meanwhile

# A file of WAL is never overwritten: one of another server would be lost. It appears whole, by its renaming.
ARCHIVE = "test ! -e {folder}/%f && cp %p {folder}/.%f.new && mv {folder}/.%f.new {folder}/%f"


@dataclass(frozen=True)
class Backup:
    """One whole copy, as the data was at `taken_at`."""

    folder: Path
    taken_at: dt.datetime

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    @property
    def first_wal(self) -> str:
        """The name of the oldest file of WAL that it needs."""
        found = re.search(r"START WAL LOCATION: \S+ \(file (\w+)\)", (self.postgres / "backup_label").read_text())
        if found is None:
            raise EmbeddedServiceError(f"{self.folder} is damaged: its backup_label names no file of WAL.")
        return found[1]


def backups_in(folder: Path) -> list[Backup]:
    """Those that were finished, oldest first."""
    found = []
    for path in sorted(folder.glob("*Z")):
        try:
            taken_at = dt.datetime.strptime(path.name, TIME_FORMAT).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
        found.append(Backup(path, taken_at))
    return found


def take(layout: Layout, folder: Path, *, shows_progress: bool) -> Backup:
    """Copies the running server's data and the key into a folder of its own, and verifies the copy.

    Raises EmbeddedServiceError, and leaves nothing half done.
    """
    _prepare(folder)
    _check_room(layout, folder)
    fresh = folder / f".unfinished-{os.getpid()}"
    fresh.mkdir(mode=0o700)
    try:
        command = ["-D", str(fresh / "postgres"), "-h", str(layout.sockets), "-U", SUPERUSER]
        command += ["--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256"]
        program("pg_basebackup", *command, *(["--progress"] if shows_progress else []))
        verify(fresh / "postgres")
        if (key := layout.data_dir / KEY_FILE).exists():
            shutil.copy2(key, fresh / KEY_FILE)
        at = dt.datetime.now(dt.UTC)
        return Backup(fresh.rename(folder / f"{at:{TIME_FORMAT}}"), at)
    except OSError as error:
        raise EmbeddedServiceError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def verify(copy: Path) -> None:
    """Raises EmbeddedServiceError unless every file is as PostgreSQL's manifest says, by SHA-256.

    By hand, because the wheel's own pg_verifybackup crashes.
    """
    manifest = copy / "backup_manifest"
    try:
        files = orjson.loads(manifest.read_bytes())["Files"]
        wrong = next((file["Path"] for file in files if _digest(copy / file["Path"]) != file["Checksum"]), None)
    except (OSError, ValueError, LookupError) as error:
        raise EmbeddedServiceError(f"{copy} is damaged: {error}.") from error
    if wrong is not None:
        raise EmbeddedServiceError(f"{copy} is damaged: {wrong} is not what was backed up.")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_old(folder: Path, *, keep: int) -> list[Backup]:
    """All but the newest `keep` backups, and the changes that none of them needs. Returns those that went."""
    found = backups_in(folder)
    old, kept = found[:-keep], found[-keep:]
    for backup in old:
        shutil.rmtree(backup.folder)
    if kept and (folder / WAL_FOLDER).is_dir():
        program("pg_archivecleanup", str(folder / WAL_FOLDER), kept[0].first_wal)
    return old


def archive_changes(layout: Layout, folder: Path | None) -> None:
    """From now on the server copies every file of WAL into `folder`/wal; None ends it. No restart is needed."""
    import psycopg

    command = ""
    if folder is not None:
        _prepare(folder)
        account = accounts.service_account()
        place = folder.resolve() / WAL_FOLDER
        accounts.private_folder(place, account)
        accounts.make_reachable([place / "a file"], account)
        command = ARCHIVE.format(folder="'{}'".format(str(place).replace("'", "'\\''").replace("%", "%%")))
    with psycopg.connect(cluster.as_superuser(layout, "postgres"), autocommit=True) as connection:
        for name, value in (("archive_command", command), ("archive_timeout", ARCHIVE_SECONDS if command else 0)):
            if command:
                connection.execute(f"ALTER SYSTEM SET {name} = {_literal(value)}")
            else:
                connection.execute(f"ALTER SYSTEM RESET {name}")
        connection.execute("SELECT pg_reload_conf()")


def _literal(value: str | int) -> str:
    return "'{}'".format(str(value).replace("'", "''"))


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EmbeddedServiceError(f"{folder} cannot be used: {error.strerror or error}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EmbeddedServiceError(f"{folder} cannot be written by this user.")


def _check_room(layout: Layout, folder: Path) -> None:
    needed = sum(path.stat().st_size for path in layout.postgres.rglob("*") if path.is_file())
    if (free := shutil.disk_usage(folder).free) < needed * MARGIN:
        raise EmbeddedServiceError(
            f"{folder} has {free >> 20:,} MB left; a backup may need {int(needed * MARGIN) >> 20:,} MB."
        )


def program(name: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's programs as this process's own account; its progress goes to standard error.

    Raises EmbeddedServiceError with what it said last.
    """
    done = subprocess.run(
        [str(cluster.binaries() / name), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if "--progress" in arguments else subprocess.STDOUT,
        text=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_MESSAGES": "C"},
        check=False,
    )
    if done.returncode:
        raise EmbeddedServiceError(f"{name} failed:\n{(done.stdout or '').strip()[-2000:]}")
