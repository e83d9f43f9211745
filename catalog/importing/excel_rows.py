"""Excel workbooks (.xlsx): the first sheet that holds anything."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from catalog.errors import InvalidInput
from catalog.importing.csv_rows import named_columns
from catalog.importing.rows import Row, Source

MAX_UNPACKED: Final = 500_000_000  # bytes
MAX_RATIO: Final = 200  # unpacked to packed
MAX_ROWS: Final = 1_100_000
MAX_COLUMNS: Final = 500
MAX_EMPTY_ROWS: Final = 100  # before the header


def excel_source(path: Path) -> Source:
    """Raises InvalidInput when the file is no workbook, or a bomb of one."""
    _check_archive(path)
    book = _open(path)
    try:
        for sheet in book.worksheets:
            heading, number, columns = _header(sheet)
            if columns:
                return _source(path, str(sheet.title), columns, book.sheetnames, number, heading)
    finally:
        book.close()
    raise InvalidInput("The workbook is empty: its first row must name the columns.")


def _header(sheet: Any) -> tuple[str, int, tuple[str, ...]]:
    """What stands above the columns' names, and the row of those: the first one, or the first of several cells."""
    above = ""
    first: list[str] = []
    at = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS, max_row=MAX_EMPTY_ROWS), 1):
        names = [str(_plain(cell)).strip() for cell in cells]
        filled = [name for name in names if name]
        if len(filled) > 1:
            return above, number, named_columns(names)
        if filled and not first:
            above, first, at = filled[0], names, number
    return "", at, named_columns(first) if first else ()


def _source(path: Path, title: str, columns: tuple[str, ...], sheets: list[str], header: int, heading: str) -> Source:
    others = ", ".join(name for name in sheets if name != title)
    notes = [f"'{heading[:80]}' is taken for a heading: row {header} names the columns."] if heading else []
    notes += [f"Only the sheet '{title}' is read, not: {others}."] if others else []
    description = f"Excel workbook, sheet '{title}'"
    return Source(description, lambda: _rows(path, title, columns, header), columns=columns, notes=tuple(notes))


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
            is_workbook = any(info.filename.startswith("xl/") for info in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput(f"{path.name} is no Excel workbook, or it is damaged.") from error
    if not is_workbook:
        raise InvalidInput(f"{path.name} is an archive, but no Excel workbook.")
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(path.stat().st_size, 100_000):
        raise InvalidInput(f"{path.name} unpacks to {unpacked:,} bytes, which is too much: save it as .csv.")


def _open(path: Path) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # the library lets errors of many kinds through
        raise InvalidInput(f"{path.name} is no Excel workbook, or it is damaged.") from error


def _rows(path: Path, title: str, columns: tuple[str, ...], header: int) -> Iterator[Row]:
    book = _open(path)
    size = path.stat().st_size
    try:
        sheet = book[title]
        total = sheet.max_row or 1
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=len(columns)), start=1):
            if number > MAX_ROWS:
                yield Row(number, size, reason=f"only {MAX_ROWS:,} rows are read")
                return
            if number > header and any(cell is not None for cell in cells):
                values = {name: _plain(cell) for name, cell in zip(columns, cells, strict=False)}
                yield Row(number, min(size, size * number // max(total, number)), values=values)
    finally:
        book.close()


def _plain(cell: Any) -> Any:
    """As JSON has it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell if isinstance(cell, str | int | float | bool) else str(cell)
