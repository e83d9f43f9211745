"""Opens a file by its name, and tells in one sentence what is wrong with one that cannot be read."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path
from typing import Final

from catalog.errors import InvalidInput
from catalog.importing.csv_rows import DAMAGE, csv_source, open_binary
from catalog.importing.encodings import is_binary
from catalog.importing.excel_rows import excel_source
from catalog.importing.json_rows import json_source
from catalog.importing.parquet_rows import parquet_source
from catalog.importing.rows import Source

SUFFIXES: Final = (
    ".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".json", ".json.gz", ".ndjson", ".xlsx", ".parquet",
)  # fmt: skip
TABLES: Final = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
# How files begin that people rename: what they are, and the ending they should have.
SIGNATURES: Final = (
    (b"PK\x03\x04", "an Excel workbook or another archive", ".xlsx"),
    (b"PAR1", "a Parquet file", ".parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls): save it as .xlsx", ""),
    (b"\x1f\x8b", "compressed", ".gz"),
    (b"%PDF", "a PDF", ""),
    (b"\x89PNG", "a picture", ""),
)

Opener = Callable[[Path], Source]


def open_source(path: Path, *, encoding: str = "", delimiter: str = "") -> Source:
    """Raises InvalidInput with one sentence for people; it names the file, never its folder."""
    check_file(path)
    name = path.name.lower()
    if name.endswith(".xlsx"):
        return excel_source(path)
    if name.endswith(".parquet"):
        return parquet_source(path)
    _check_text(path)
    if name.endswith(TABLES):
        try:
            return csv_source(path, encoding=encoding, delimiter=delimiter)
        except LookupError as error:
            raise InvalidInput(f"There is no encoding '{encoding}'.") from error
        except UnicodeError as error:
            raise InvalidInput(f"{path.name} is not written in {encoding}.") from error
    return json_source(path)


def check_file(path: Path) -> None:
    """Raises InvalidInput unless the file can be opened and has one of the known endings."""
    if not path.name.lower().endswith(SUFFIXES):
        raise InvalidInput(f"{path.name}: the name must end in {', '.join(SUFFIXES)}.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise InvalidInput(f"{path.name}: {error.strerror}.") from error


def _check_text(path: Path) -> None:
    with path.open("rb") as raw:
        start = raw.read(8)
    is_packed = path.name.lower().endswith(".gz")
    for signature, kind, ending in SIGNATURES:
        if start.startswith(signature) and not (is_packed and ending == ".gz"):
            advice = f": rename it so that it ends in {ending}" if ending else ""
            raise InvalidInput(f"{path.name} is by its content {kind}{advice}.")
    if not path.name.lower().endswith(TABLES):
        return
    try:
        with open_binary(path) as stream:
            sample = stream.read(4_000)
    except DAMAGE as error:
        raise InvalidInput(f"{path.name} is damaged, or not compressed with gzip.") from error
    if is_binary(sample):
        raise InvalidInput(f"{path.name} is no text, so it is no table of values.")
    if sample.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b'[{"', b'{"')):
        raise InvalidInput(f"{path.name} is by its content JSON: rename it so that it ends in .json or .jsonl.")
