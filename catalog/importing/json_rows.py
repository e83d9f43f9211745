"""JSON: one object a line, or an array of objects."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from catalog.errors import InvalidInput
from catalog.importing.csv_rows import DAMAGE, open_binary
from catalog.importing.rows import MAX_LINE_BYTES, Row, Source, flattened
from catalog.json_text import read_json

MAX_ARRAY_BYTES: Final = 200_000_000
SAMPLE_LINES: Final = 50
BLANK: Final = " \t\r\n"


def json_source(path: Path) -> Source:
    """Raises InvalidInput for an array that is none."""
    with open_binary(path) as stream:
        try:
            start = stream.read(1_000).removeprefix(codecs.BOM_UTF8).lstrip()
        except DAMAGE:
            start = b""
    if path.name.lower().endswith((".json", ".json.gz")):
        if start.startswith(b"["):
            return Source("JSON array, UTF-8", lambda: _flat(_array(path)), is_json=True)
        if key := _wrapping(path):
            return Source(f"JSON array '{key}', UTF-8", lambda: _flat(_array(path, key)), is_json=True)
    is_items = any(row.values and "external_id" in row.values for row in _first(path))
    rows = _lines if is_items else lambda path: _flat(_lines(path))
    return Source("JSON lines, UTF-8", lambda: rows(path), is_items=is_items, is_json=True)


def _flat(rows: Iterator[Row]) -> Iterator[Row]:
    return (row if row.values is None else replace(row, values=flattened(row.values)) for row in rows)


def _wrapping(path: Path) -> str:
    """The key of the array of objects, where the file is one object around one such array; else nothing."""
    try:
        whole = orjson.loads(_whole(path))
    except (ValueError, InvalidInput):
        return ""
    keys = [key for key, value in whole.items() if _is_array(value)] if isinstance(whole, dict) else []
    return keys[0] if len(keys) == 1 else ""


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _first(path: Path) -> list[Row]:
    rows = _lines(path)
    return [row for _, row in zip(range(SAMPLE_LINES), rows, strict=False)]


def _lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as raw, open_binary(path) as stream:
        number = 0
        while True:
            try:
                text = stream.readline(MAX_LINE_BYTES + 1)
                if len(text) > MAX_LINE_BYTES:
                    _skip_line(stream, text)
            except DAMAGE as error:
                yield Row(number + 1, _read(stream, raw), reason=f"the file is damaged from here on: {error}")
                return
            if not text:
                return
            number += 1
            if len(text) > MAX_LINE_BYTES:
                yield Row(number, _read(stream, raw), reason=f"longer than {MAX_LINE_BYTES:,} bytes")
            elif text := text.removeprefix(codecs.BOM_UTF8).strip():
                yield _line(number, _read(stream, raw), text)


def _read(stream: Any, raw: BinaryIO) -> int:
    """How many bytes of the file itself were read."""
    return int(stream.fileobj.tell() if hasattr(stream, "fileobj") else stream.tell())


def _skip_line(stream: BinaryIO, text: bytes) -> None:
    while text and not text.endswith(b"\n"):
        text = stream.readline(MAX_LINE_BYTES)


def _line(number: int, read: int, text: bytes) -> Row:
    raw = text.decode(errors="replace")
    try:
        values = read_json(text)
    except orjson.JSONDecodeError as error:
        return Row(number, read, reason=f"not JSON: {error}", raw=raw)
    if not isinstance(values, dict):
        return Row(number, read, reason="item: must be a JSON object", raw=raw)
    return Row(number, read, values=values, raw=raw)


def _array(path: Path, key: str = "") -> Iterator[Row]:
    """Each object with the line it begins in; what follows a fault cannot be read. `key` names the array."""
    text = _whole(path)
    decode = json.JSONDecoder().raw_decode
    wrapping = re.search(rf'"{re.escape(key)}"\s*:\s*(?=\[)', text) if key else None
    place, number = _after(text, text.index("[", wrapping.end() if wrapping else 0) + 1, ""), 1
    number += text.count("\n", 0, place)
    while place < len(text) and text[place] != "]":
        try:
            _, end = decode(text, place)
        except (ValueError, RecursionError) as error:
            yield Row(number, place, reason=f"the file is damaged from here on: {error}")
            return
        yield _line(number, end, text[place:end].encode(errors="replace"))
        following = _after(text, end, ",")
        number += text.count("\n", place, following)
        place = following


def _after(text: str, place: int, mark: str) -> int:
    while place < len(text) and text[place] in BLANK + mark:
        place += 1
    return place


def _whole(path: Path) -> str:
    with open_binary(path) as stream:
        try:
            content = stream.read(MAX_ARRAY_BYTES + 1)
        except DAMAGE as error:
            raise InvalidInput(f"The file is damaged: {error}.") from error
    if len(content) > MAX_ARRAY_BYTES:
        raise InvalidInput(f"A JSON array has at most {MAX_ARRAY_BYTES:,} bytes: write one object a line, as .jsonl.")
    try:
        return content.decode("utf-16" if content.startswith(b"\xff\xfe") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("The JSON is not UTF-8.") from error
