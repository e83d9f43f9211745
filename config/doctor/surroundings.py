"""What Akin stands on beside the database: settings, disk, Redis."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from redis import Redis

from config.doctor.findings import Finding, error, ok, warning
from config.environ import databases

LEAST_FREE = 1 << 30  # bytes, with less a build of an index or an import may fail
LEAST_SHARE = 0.05
LEAST_REDIS = 6


def settings_of_production() -> Iterator[Finding]:
    """Settings that are for one's own machine alone."""
    is_public = settings.HOST not in {"127.0.0.1", "::1", "localhost"}
    if settings.DEBUG:
        yield error("settings", "DEBUG shows the source of errors to everybody.", "Unset DEBUG.")
    if "*" in settings.ALLOWED_HOSTS:
        yield warning("settings", "Any host name is answered.", "Name yours in ALLOWED_HOSTS.")
    if is_public and not settings.AKIN_HTTPS:
        yield warning(
            "settings",
            f"The server listens on {settings.HOST} without HTTPS: passwords and keys travel in the open.",
            "Put a proxy with a certificate before it (docker-compose.yml has one) and set AKIN_HTTPS=true.",
        )
    if is_public and not settings.AKIN_RATE_LIMIT:
        yield warning("settings", "Strangers may ask without limit.", "Set AKIN_RATE_LIMIT, 600 is the default.")


def disk() -> Iterator[Finding]:
    """Room for what grows: the embedded database, converted models, imports."""
    folder = Path(settings.AKIN_DATA_DIR)
    usage = shutil.disk_usage(folder)
    shown = f"{usage.free / 2**30:,.1f} of {usage.total / 2**30:,.1f} GB are free where {folder} lies."
    if usage.free < LEAST_FREE or usage.free < LEAST_SHARE * usage.total:
        yield error("disk", shown, "Make room: PostgreSQL stops when the disk is full.")
    else:
        yield ok("disk", shown)


def redis() -> Iterator[Finding]:
    """Whether messages to the workers arrive, and stay until they are read."""
    client = Redis.from_url(databases.redis_url(settings.REDIS_URL, settings.AKIN_DATA_DIR), socket_timeout=2)
    try:
        version = str(client.info("server")["redis_version"])
        policy = str(client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction"))
        limit = int(client.info("memory").get("maxmemory", 0))
    finally:
        client.close()
    if int(version.split(".", maxsplit=1)[0]) < LEAST_REDIS:
        yield error("redis", f"Redis is {version}.", f"Akin needs {LEAST_REDIS} or later: point REDIS_URL at one.")
    elif limit and policy.startswith("allkeys"):
        yield warning(
            "redis",
            f"Redis throws messages to the workers away when its memory is full ({policy}).",
            "Set maxmemory-policy to volatile-lru or noeviction. (Nothing is lost: the sweep finds what was not said.)",
        )
    else:
        yield ok("redis", f"Redis {version} answers.")
