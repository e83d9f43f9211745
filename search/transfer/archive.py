"""The file of a collection: gzip over lines of JSON, a header first, then rows, and a seal that proves it whole.

The seal counts the rows of each part and carries the SHA-256 of all lines before it. A file is readable by every
version that knows its format number and all of its columns.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from catalog.errors import InvalidInput

FORMAT: Final = "akin-collection"
VERSION: Final = 1
LONGEST_LINE: Final = 256 * 1024**2  # bytes
LEVEL: Final = 3  # of compression: vectors hardly shrink, and a higher one takes longer than reading them

Row = list[str | None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file holds, as its header and seal say."""

    header: dict[str, Any]
    counts: dict[str, int]


class Writer:
    """Writes lines and remembers what the seal has to say."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.counts: Counter[str] = Counter()

    def header(self, content: dict[str, Any]) -> None:
        self._write({"format": FORMAT, "version": VERSION, **content})

    def row(self, part: str, values: Row) -> None:
        self._write([part, values])
        self.counts[part] += 1

    def seal(self) -> None:
        self._write({"counts": dict(self.counts), "sha256": self._digest.hexdigest()})

    def _write(self, content: Any) -> None:
        line = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._digest.update(line)
        self._stream.write(line)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """The file appears under its name when it is whole, readable by its owner alone; what was there is replaced."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=LEVEL, mtime=0) as stream:
                yield Writer(stream)
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def examine(path: Path, on_row: Callable[[str, Row], None] = lambda part, values: None) -> Summary:
    """Reads the whole file before anything is made of it. Raises InvalidInput for a damaged or foreign one."""
    digest = hashlib.sha256()
    lines = _lines(path)
    header = _header(path, lines, digest.update)
    counts: Counter[str] = Counter()
    for line in lines:
        content = _parsed(path, line)
        if isinstance(content, dict):
            _check_seal(path, content, counts, digest.hexdigest())
            if next(lines, None) is not None:
                raise InvalidInput(f"{path.name} is damaged: something follows its end.")
            return Summary(header, dict(counts))
        digest.update(line)
        part, values = _row(path, content)
        counts[part] += 1
        on_row(part, values)
    raise InvalidInput(f"{path.name} ends too early: it was not written to its end, or cut off afterwards.")


def rows(path: Path) -> Iterator[tuple[str, Row]]:
    """The rows of a file that was examined."""
    lines = _lines(path)
    next(lines)
    for line in lines:
        content = _parsed(path, line)
        if isinstance(content, dict):
            return
        yield _row(path, content)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as stream:
            while line := stream.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise InvalidInput(f"{path.name} is no collection that Akin exported: a line is far too long.")
                yield line
    except gzip.BadGzipFile as error:
        raise InvalidInput(f"{path.name} is no collection that Akin exported, or damaged: {error}.") from error
    except EOFError as error:
        raise InvalidInput(f"{path.name} ends too early: it was cut off.") from error
    except zlib.error as error:
        raise InvalidInput(f"{path.name} is damaged: {error}.") from error
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _header(path: Path, lines: Iterator[bytes], update: Callable[[bytes], None]) -> dict[str, Any]:
    first = next(lines, b"")
    try:
        header = json.loads(first)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise InvalidInput(f"{path.name} is no collection that Akin exported.")
    if header.get("version") != VERSION:
        raise InvalidInput(
            f"{path.name} has version {header.get('version')} of the format; this Akin reads {VERSION}. Update Akin."
        )
    update(first)
    return header


def _parsed(path: Path, line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"{path.name} is damaged: a line is not JSON.") from error


def _row(path: Path, content: Any) -> tuple[str, Row]:
    match content:
        case [str(part), list(values)] if all(value is None or isinstance(value, str) for value in values):
            return part, values
    raise InvalidInput(f"{path.name} is damaged: a line is no row.")


def _check_seal(path: Path, seal: dict[str, Any], counts: Counter[str], digest: str) -> None:
    if seal.get("sha256") != digest or seal.get("counts") != dict(counts):
        raise InvalidInput(f"{path.name} is damaged: it does not hold what was written (the checksum differs).")
