"""Which encoding a text file has: by its mark, by what it can be, and by the bytes only Windows uses."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

ENCODING_NAMES: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
}
_UNDEFINED: Final = frozenset(b"\x81\x8d\x8f\x90\x9d")  # in Windows-1252
_CONTROLS: Final = frozenset(range(32)) - frozenset(b"\t\n\r\f\x0b\x1a\x1b")


def detect_encoding(chunks: Iterator[bytes]) -> str:
    """Python's name of the encoding. Text with some UTF-8 in it is UTF-8, with broken letters here and there."""
    first = next(chunks, b"")
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if found := _unmarked_utf16(first[:2_000]):
        return found
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    letters = broken = 0
    seen: set[int] = set()
    chunk: bytes | None = first
    while chunk:
        if not chunk.isascii():
            text = decoder.decode(chunk)
            bad = [mark for mark in text if "\udc80" <= mark <= "\udcff"]
            broken += len(bad)
            letters += sum(mark > "\x7f" for mark in text) - len(bad)
            seen.update(ord(mark) - 0xDC00 for mark in bad)
        chunk = next(chunks, None)
    if broken <= letters:
        return "utf-8"
    return "cp1252" if any(0x80 <= byte <= 0x9F for byte in seen) and not seen & _UNDEFINED else "latin-1"


def is_binary(sample: bytes) -> bool:
    """Whether the bytes are no text in any of the encodings."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _unmarked_utf16(sample):
        return False
    return sum(byte in _CONTROLS for byte in sample) > max(1, len(sample) / 20)


def _unmarked_utf16(sample: bytes) -> str:
    if len(sample) < 8:
        return ""
    even, odd = sample[::2].count(0) / (len(sample) / 2), sample[1::2].count(0) / (len(sample) / 2)
    if odd > 0.7 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 and odd < 0.1 else ""
