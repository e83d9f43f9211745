"""Turns DATABASE_URL and REDIS_URL, or what is embedded in their place, into what Django and Celery read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config.embedded.layout import Layout
from config.environ.environment import refuse

NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}

# Each thread has a connection, so that only a database that is gone lets a request wait: it fails within a second.
# After two seconds the pool stops its own attempts with their growing pauses, and the next request makes a new one.
POOL_PATIENCE = {"timeout": 0.8, "reconnect_timeout": 2.0}


def database(url: str, data_dir: Path, *, pool_size: int, password: str = "", direct_url: str = "") -> dict[str, Any]:
    """Django's settings of the one database. `pool_size` 0 keeps one connection per thread instead of a pool.

    With `direct_url` the other is a pooler's, and what leads past it is under `DIRECT`: see catalog.sessions.
    """
    found = _place("DATABASE_URL", url or Layout(data_dir).database_url)
    if password:
        _refuse_second_password("DATABASE", url, found.get("PASSWORD"))
        found["PASSWORD"] = password
    if direct_url:
        found |= _past_pooler(url, direct_url, name=found["NAME"], password=password)
    if pool_size:
        found["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool_size, "max_idle": 300, **POOL_PATIENCE}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **found,
        "CONN_MAX_AGE": 0 if pool_size else 300,
        "CONN_HEALTH_CHECKS": True,
    }


def standbys(urls: Sequence[str], *, pool_size: int, password: str = "") -> dict[str, dict[str, Any]]:
    """Django's settings of the copies, by their aliases. Tests make no databases of their own for them."""
    return {
        f"standby{number}": {
            **database(url, Path(), pool_size=pool_size, password=password),
            "TEST": {"MIRROR": "default"},
        }
        for number, url in enumerate(urls, start=1)
    }


def _past_pooler(url: str, direct_url: str, *, name: str, password: str) -> dict[str, Any]:
    """A cursor of the server is lost there with its transaction, so that long answers are fetched at once."""
    if not url:
        raise refuse("DATABASE_DIRECT_URL", direct_url, "It is for a DATABASE_URL that names a pooler.")
    direct = _place("DATABASE_DIRECT_URL", direct_url)
    if direct["NAME"] != name:
        raise refuse("DATABASE_DIRECT_URL", direct_url, f"It has to name the database {name}, as DATABASE_URL does.")
    return {
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "DIRECT": {"USER": "", "PASSWORD": password, "HOST": "", "PORT": "", **direct},
    }


def _place(name: str, url: str) -> dict[str, Any]:
    """Where a database is and how one gets there, as Django says it."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise refuse(name, url, str(error).strip()) from error
    if not parts.get("dbname"):
        raise refuse(name, url, "It names no database: postgresql://user:password@host:5432/NAME")
    found: dict[str, Any] = {NAMES[key]: str(value) for key, value in parts.items() if key in NAMES}
    options = {key: value for key, value in parts.items() if key not in NAMES}
    return {**found, "OPTIONS": {"connect_timeout": 10, **options}}


def redis_url(url: str, data_dir: Path, *, password: str = "") -> str:
    """As redis-py reads it."""
    if not password:
        return url or Layout(data_dir).redis_url
    parts = urlsplit(url)
    _refuse_second_password("REDIS", url, parts.password)
    if parts.scheme == "unix":
        raise refuse("REDIS_URL", url, "REDIS_PASSWORD is for a Redis behind redis:// or rediss://.")
    account, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{account.partition(':')[0]}:{quote(password, safe='')}@{place}"))


def _refuse_second_password(service: str, url: str, own: object) -> None:
    if not url or own:
        reason = "it has one already" if url else "it is not set"
        raise ImproperlyConfigured(f"{service}_PASSWORD is for {service}_URL, and {reason}.")


def broker_url(url: str, data_dir: Path, *, password: str = "") -> str:
    """As Celery reads it, which calls a socket otherwise than redis-py does."""
    found = redis_url(url, data_dir, password=password)
    scheme, _, place = found.partition("://")
    return f"redis+socket://{place}" if scheme == "unix" else found


def embedded_services(database_url: str, redis_url: str) -> tuple[str, ...]:
    """Which services this configuration needs from the wheels."""
    return tuple(
        name for name, is_embedded in (("postgres", not database_url), ("redis", not redis_url)) if is_embedded
    )
