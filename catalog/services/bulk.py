"""Writing many raw entries at once: each one gets its own result, and a bad one does not stop the good ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import DatabaseError, DataError

from catalog.errors import CatalogError, InvalidInput
from catalog.models import Collection
from catalog.schemas import ItemInput, parse_item
from catalog.services.items import Outcome, upsert_items
from catalog.services.learning import learn_schema
from catalog.services.rereading import read_entry, schema_of

REFUSED = ("22", "54")  # SQLSTATE classes of values that the database cannot hold


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one entry. `external_id` is None where the entry has none that can be read."""

    external_id: str | None
    outcome: Outcome | Literal["error"]
    error: CatalogError | None = None


def upsert_raw(*, collection: Collection, entries: Sequence[Any]) -> list[BulkResult]:
    """Checks and writes parsed JSON values and returns a result for each, in order.

    An entry may be a CatalogError itself, for a line that could not even be parsed.
    """
    schema = schema_of(collection)
    results: dict[int, BulkResult] = {}
    good: dict[int, ItemInput] = {}
    for number, entry in enumerate(entries):
        try:
            good[number] = read_entry(_parsed(entry), schema)
        except CatalogError as error:
            results[number] = BulkResult(_external_id(entry), "error", error)
    _write(collection, good, results)
    learn_schema(collection)
    return [results[number] for number in range(len(entries))]


def upsert_each(*, collection: Collection, entries: Sequence[ItemInput]) -> list[BulkResult]:
    """Writes checked entries; one that the database refuses does not stop the others."""
    results: dict[int, BulkResult] = {}
    _write(collection, dict(enumerate(entries)), results)
    return [results[number] for number in range(len(entries))]


def refusal(error: DatabaseError) -> InvalidInput | None:
    """The reason in words when the database refused a value, None when it failed for another reason."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state.startswith(REFUSED) if state else isinstance(error, DataError):
        return InvalidInput("The database cannot hold this: a text has a NUL character or is too long to be indexed.")
    return None


def _parsed(entry: Any) -> ItemInput:
    if isinstance(entry, CatalogError):
        raise entry
    return parse_item(entry)


def _external_id(entry: Any) -> str | None:
    external_id = entry.get("external_id") if isinstance(entry, dict) else None
    return external_id if isinstance(external_id, str) else None


def _write(collection: Collection, entries: dict[int, ItemInput], results: dict[int, BulkResult]) -> None:
    """Writes the entries together; where the database refuses one, the batch is halved until it stands alone."""
    if not entries:
        return
    try:
        outcomes = upsert_items(collection=collection, entries=list(entries.values()))
    except DatabaseError as error:
        if (reason := refusal(error)) is None:
            raise
        _write_halves(collection, entries, results, reason)
        return
    for number, outcome in zip(entries, outcomes, strict=True):
        results[number] = BulkResult(outcome.external_id, outcome.outcome)


def _write_halves(
    collection: Collection, entries: dict[int, ItemInput], results: dict[int, BulkResult], reason: InvalidInput
) -> None:
    numbers = list(entries)
    if len(numbers) == 1:
        results[numbers[0]] = BulkResult(entries[numbers[0]].external_id, "error", reason)
        return
    middle = len(numbers) // 2
    for half in (numbers[:middle], numbers[middle:]):
        _write(collection, {number: entries[number] for number in half}, results)
