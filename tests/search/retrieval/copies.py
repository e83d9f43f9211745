"""A copy of the tests' own database that follows it by streaming, as any standby does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from config.embedded import account as accounts
from config.embedded import backups, cluster, postgres
from config.embedded.layout import SUPERUSER, Layout


class Copy:
    """One standby of the cluster in which the tests' databases are."""

    def __init__(self, folder: Path) -> None:
        primary, self.layout = Layout(settings.AKIN_DATA_DIR), Layout(folder)
        target = ["-D", str(self.layout.postgres), "-h", str(primary.sockets), "-U", SUPERUSER]
        backups.program("pg_basebackup", *target, "--checkpoint=fast", "--write-recovery-conf")
        account = accounts.service_account()
        for path in (self.layout.postgres, *self.layout.postgres.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
            if os.geteuid() == 0:
                os.chown(path, account.pw_uid, account.pw_gid)
        postgres.start(self.layout)

    def ask(self, sql: str) -> Any:
        """The first value, as the superuser."""
        database = connection.settings_dict["NAME"]
        with psycopg.connect(cluster.as_superuser(self.layout, database), autocommit=True) as session:
            row = session.execute(sql).fetchone()
        return row[0] if row else None

    def stop(self) -> None:
        postgres.stop(self.layout)


@contextmanager
def copy_in(folder: Path) -> Iterator[Copy]:
    copy = Copy(folder)
    try:
        yield copy
    finally:
        copy.stop()
