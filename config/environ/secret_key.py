"""The key that signs sessions, kept in the data directory when the environment brings none."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

FILE_NAME = "secret_key"


def kept_secret_key(data_dir: Path) -> str:
    """The key in the data directory, made once. Raises ImproperlyConfigured when others could read it."""
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ImproperlyConfigured(f"{path} can be read by others. Run: chmod 600 {path}")
        key = path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"AKIN_DATA_DIR={str(data_dir)!r} is refused: {error}") from error
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} holds no key. Remove the file; all sessions end then.")
    return key


def _write_once(path: Path) -> None:
    """Several processes may start at the same time: the first one's whole file wins."""
    fresh = path.with_name(f"{FILE_NAME}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
