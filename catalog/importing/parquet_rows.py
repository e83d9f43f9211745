"""Parquet files, read in batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from catalog.errors import InvalidInput
from catalog.importing.rows import Row, Source, flattened

BATCH: Final = 1_000  # rows


def parquet_source(path: Path) -> Source:
    """Raises InvalidInput when the file is none."""
    file = _open(path)
    columns = tuple(_names(file.schema_arrow))
    file.close()
    return Source("Parquet", lambda: _rows(path), columns=columns)


def _names(fields: Any, prefix: str = "") -> Iterator[str]:
    from pyarrow import types

    for field in fields:
        if types.is_struct(field.type):
            yield from _names(field.type, f"{prefix}{field.name}_")
        else:
            yield f"{prefix}{field.name}"


def _open(path: Path) -> Any:
    from pyarrow import ArrowException, parquet

    try:
        return parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise InvalidInput(f"{path.name} is no Parquet file, or it is damaged.") from error


def _rows(path: Path) -> Iterator[Row]:
    file = _open(path)
    size, total = path.stat().st_size, max(file.metadata.num_rows, 1)
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            for values in batch.to_pylist():
                number += 1
                plain = {name: _plain(value) for name, value in flattened(values).items()}
                yield Row(number, size * number // total, values=plain)
    except OSError as error:
        yield Row(number + 1, size, reason=f"the file is damaged from here on: {error}")
    finally:
        file.close()


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() and value.tzinfo is None else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return "" if value is None else value
