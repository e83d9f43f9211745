"""Uploaded files in a folder of their own: named by us, found again by who uploaded them, and not kept for long."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson
from django.conf import settings
from django.core.files.base import File

from catalog.errors import InvalidInput, NotFound
from catalog.importing.source import SUFFIXES

KEPT_SECONDS: Final = 24 * 3_600
MAX_NAME: Final = 200  # characters
ABOUT: Final = ".about"
BAD: Final = ".bad"

_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits. `name` is what the person calls it, `collection` a slug, which may still have to be made."""

    token: str
    suffix: str
    name: str
    owner_id: int
    collection: str
    new_name: str = ""  # of a collection that is to be made

    @property
    def path(self) -> Path:
        return folder() / f"{self.token}{self.suffix}"

    @property
    def bad_rows(self) -> Path:
        return folder() / f"{self.token}{BAD}"

    @property
    def bad_rows_name(self) -> str:
        """A name under which the rows, mended, can be imported again."""
        stem = self.name[: -len(self.suffix)] if self.name.lower().endswith(self.suffix) else self.name
        return f"{stem}-bad-rows{'.jsonl' if 'json' in self.suffix else '.csv'}"


def folder() -> Path:
    place = Path(settings.AKIN_DATA_DIR) / "uploads"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def keep(file: File[bytes], *, owner_id: int, collection: str, new_name: str = "") -> Upload:
    """Stores the file under a name of ours. Raises InvalidInput when its own name has none of the known endings."""
    name = Path(file.name or "").name[-MAX_NAME:]
    suffix = next((ending for ending in sorted(SUFFIXES, key=len)[::-1] if name.lower().endswith(ending)), "")
    if not suffix:
        raise InvalidInput(f"{name}: the name must end in {', '.join(SUFFIXES)}.")
    upload = Upload(secrets.token_hex(16), suffix, name, owner_id, collection, new_name)
    with upload.path.open("wb") as stream:
        for chunk in file.chunks():
            stream.write(chunk)
    _about(upload.token).write_bytes(orjson.dumps(asdict(upload)))
    return upload


def find(token: str, *, owner_id: int) -> Upload:
    """The upload of that person. Raises NotFound, for a name of somebody else's or nobody's, too."""
    try:
        if not _TOKEN.fullmatch(token):
            raise FileNotFoundError
        upload = Upload(**orjson.loads(_about(token).read_bytes()))
    except (OSError, ValueError, TypeError):
        upload = None
    if upload is None or upload.owner_id != owner_id:
        raise NotFound("This file is not here any more: it was imported, cancelled or a day old. Upload it again.")
    return upload


def forget(upload: Upload) -> None:
    for path in (upload.path, upload.bad_rows, _about(upload.token)):
        path.unlink(missing_ok=True)


def forget_old() -> int:
    """Deletes what is older than a day, and returns how many files that were."""
    old = time.time() - KEPT_SECONDS
    count = 0
    for path in folder().iterdir():
        try:
            if path.stat().st_mtime < old:
                path.unlink()
                count += 1
        except FileNotFoundError:
            continue  # somebody else deleted it at this moment
    return count


def _about(token: str) -> Path:
    return folder() / f"{token}{ABOUT}"
