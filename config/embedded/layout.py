"""Where the embedded services keep what they need, derived from the data directory alone."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

# The kernel cuts off socket paths at 104 bytes (macOS) or 108 (Linux); PostgreSQL adds a lock file beside its own.
LONGEST_SOCKET = len("/.s.PGSQL.5432.lock")
LONGEST_SOCKET_PATH = 100

ROLE = "akin"
DATABASE = "akin"
SUPERUSER = "postgres"


class EmbeddedServiceError(Exception):
    """An embedded service cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Layout:
    """The files and folders under one data directory."""

    data_dir: Path

    @property
    def postgres(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def redis(self) -> Path:
        return self.data_dir / "redis"

    @property
    def bootstrapped(self) -> Path:
        """Exists once the cluster has the role, the database and the extension."""
        return self.postgres / "akin.ready"

    @property
    def postgres_log(self) -> Path:
        return self.postgres / "akin.log"

    @property
    def lock(self) -> Path:
        """Locked while the services are started or stopped."""
        return self.data_dir / "services.lock"

    @property
    def lease(self) -> Path:
        """Locked, shared, by every process that uses the services."""
        return self.data_dir / "services.lease"

    @property
    def sockets(self) -> Path:
        """The data directory's own folder, or one in /tmp when that path is too long for a socket."""
        own = self.data_dir / "run"
        if len(os.fsencode(own)) + LONGEST_SOCKET <= LONGEST_SOCKET_PATH:
            return own
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path("/tmp") / f"akin-{os.geteuid()}-{digest}"  # noqa: S108 - ownership is checked before use

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    @property
    def postgres_socket_lock(self) -> Path:
        return self.sockets / ".s.PGSQL.5432.lock"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def database_url(self) -> str:
        """How the application connects, in libpq's own notation."""
        return f"host='{_quoted(self.sockets)}' dbname={DATABASE} user={ROLE}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
