"""Adding an item by the browser form: what it may duplicate, and taking it back for a while."""

from __future__ import annotations

import time
from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import Final

from django.contrib.sessions.backends.base import SessionBase

from catalog.models import Collection, Item
from catalog.schemas import ItemInput
from search.duplicates.comparing.check import PossibleDuplicate, check_item
from search.errors import SearchError

UNDO_SECONDS: Final = 600
MIN_TEXT_LENGTH: Final = 4  # characters of title and body, before looking for duplicates makes sense
SESSION_KEY: Final = "added_item"


@dataclass(frozen=True, slots=True)
class DuplicateWarning:
    """What the item may duplicate; `is_unchecked` when nobody could say."""

    duplicates: tuple[PossibleDuplicate, ...] = ()
    is_unchecked: bool = False

    def has_unseen(self, seen: Names[str]) -> bool:
        """Whether there is a duplicate that the person has not been shown yet."""
        return any(found.item.external_id not in seen for found in self.duplicates)


def warn(collection: Collection, entry: ItemInput) -> DuplicateWarning:
    """Looks for duplicates. Without an encoder the item can be added all the same: the sweep will look again."""
    if len(f"{entry.title}{entry.body}".strip()) < MIN_TEXT_LENGTH:
        return DuplicateWarning()
    try:
        found = check_item(collection=collection, entry=entry)
    except SearchError:
        return DuplicateWarning(is_unchecked=True)
    return DuplicateWarning(tuple(one for one in found if one.item.is_visible))


def remember_added(session: SessionBase, item: Item) -> None:
    """Lets this browser take the item back for ten minutes."""
    session[SESSION_KEY] = [item.pk, time.time() + UNDO_SECONDS]


def may_undo(session: SessionBase, item: Item) -> bool:
    """Whether this browser added the item just now."""
    pk, until = session.get(SESSION_KEY) or (None, 0)
    return bool(pk == item.pk and time.time() < until)
