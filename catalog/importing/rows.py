"""What every kind of file is read into: numbered rows of values, and the description of where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MAX_LINE_BYTES: Final = 2_000_000
REPORT_COLUMNS: Final = ("akin_line", "akin_problem")  # columns of a file of bad rows, left out when it comes back


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its line in the file: its values, or the reason why it has none. `read` counts bytes so far."""

    number: int
    read: int
    values: dict[str, Any] | None = None
    reason: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read more than once. `is_items`: its rows are item lines, whose keys are fixed."""

    description: str
    read: Callable[[], Iterator[Row]]
    columns: tuple[str, ...] = ()
    is_items: bool = False
    notes: tuple[str, ...] = field(default=())
    is_json: bool = False


def flattened(values: Mapping[str, Any]) -> dict[str, Any]:
    """Objects inside a row become columns of their own: `{"size": {"width": 3}}` is `{"size_width": 3}`.

    `attributes` stays one object, without objects in it; of two values of one name the outer counts.
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if not isinstance(value, dict):
            flat[name] = value
        elif name == "attributes":
            flat[name] = flattened(value)
    for name, value in values.items():
        if isinstance(value, dict) and name != "attributes":
            for inner, deeper in flattened(value).items():
                flat.setdefault(f"{name}_{inner}", deeper)
    return flat
