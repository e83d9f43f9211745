"""A file into a new collection: all of it or nothing, with the vectors and decisions that it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction

from catalog.errors import Conflict, InvalidInput
from catalog.models import Collection
from catalog.services.collections import announce, create_collection
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState
from search.transfer import archive
from search.transfer.exporting import SESSION
from search.transfer.loading import Loader
from search.transfer.numbers import Numbers
from search.transfer.parts import BY_NAME, FIELDS, FOUND_FIELDS
from search.transfer.spaces import match_spaces
from search.transfer.translating import Translator

IDS: Final = {"item": "catalog_item", "topic": "search_topic"}


@dataclass(frozen=True, slots=True)
class Imported:
    """What came in: rows by part, rows that were left behind, and items that workers have yet to embed."""

    collection: Collection
    counts: dict[str, int]
    left_behind: dict[str, int]
    waiting: int


def import_collection(
    path: Path,
    *,
    slug: str = "",
    embeds_anew: bool = False,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Imported:
    """Makes the collection, called `slug` if that is given. The file is read and proven whole before that.

    Raises InvalidInput for a damaged or foreign file, Conflict when there is such a collection, SpaceConflict when
    its vectors are of another model. Nothing is left of an import that fails.
    """
    numbers = {name: Numbers(table) for name, table in IDS.items()}
    summary = archive.examine(path, lambda part, values: _count(path, numbers, part, values))
    _check_columns(path, summary.header)
    try:
        with transaction.atomic():
            return _load(path, summary.header, numbers, slug, embeds_anew, on_progress)
    except (DataError, IntegrityError, ValueError, KeyError, TypeError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"{path.name} holds what no collection can hold: {reason}") from error


def _count(path: Path, numbers: dict[str, Numbers], part: str, values: archive.Row) -> None:
    """Ids come first in the rows of these parts."""
    if part in numbers:
        try:
            numbers[part].add(int(values[0] or ""))
        except (ValueError, IndexError) as error:
            raise InvalidInput(f"{path.name} is damaged: the ids of its {part}s: {error}.") from error


def _check_columns(path: Path, header: dict[str, Any]) -> None:
    """A file without a column that we have is older; one with another is newer."""
    columns = header.get("columns")
    if not isinstance(columns, dict) or not isinstance(header.get("collection"), dict):
        raise InvalidInput(f"{path.name} is no collection that Akin exported: its header is incomplete.")
    for name, found in columns.items():
        unknown = sorted(set(found) - set(BY_NAME[name].columns)) if name in BY_NAME else ["*"]
        if unknown:
            raise InvalidInput(f"{path.name} was written by a newer Akin ({name}: {', '.join(unknown)}). Update Akin.")


def _load(
    path: Path,
    header: dict[str, Any],
    numbers: dict[str, Numbers],
    slug: str,
    embeds_anew: bool,
    on_progress: Callable[[int], None],
) -> Imported:
    spaces = match_spaces(header["spaces"], embeds_anew=embeds_anew)
    collection = _make(header["collection"], slug)
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
    for each in numbers.values():
        each.reserve()
    loader = Loader(collection.pk, header["columns"], Translator(numbers["item"], numbers["topic"], spaces))
    for part, values in archive.rows(path):
        loader.add(part, values)
        if part == "item":
            on_progress(loader.counts["item"])
    loader.end()
    transaction.on_commit(lambda: announce(collection.pk))
    waiting = ItemEmbedding.objects.filter(collection=collection, state=EmbeddingState.PENDING)
    return Imported(collection, dict(loader.counts), dict(loader.left_behind), waiting.count())


def _make(fields: dict[str, Any], slug: str) -> Collection:
    wanted = slug or fields["slug"]
    if Collection.objects.filter(slug=wanted).exists():
        raise Conflict(f"There is a collection '{wanted}' already. Import it under another name (--collection SLUG).")
    collection = create_collection(slug=wanted, **{name: fields[name] for name in FIELDS})
    Collection.objects.filter(pk=collection.pk).update(**{name: fields[name] for name in FOUND_FIELDS})
    collection.refresh_from_db()
    return collection
