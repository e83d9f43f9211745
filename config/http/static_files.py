"""Collects the static files into the data directory, only when they have changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> None:
    """Compressing and hashing takes seconds, so a start with the same files does not do it again."""
    marker = Path(settings.STATIC_ROOT) / ".collected"
    state = _fingerprint()
    if marker.exists() and marker.read_text() == state:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    marker.write_text(state)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{found.st_mtime_ns}\0{found.st_size}\n".encode())
    return digest.hexdigest()
