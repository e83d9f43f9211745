"""Which of some items to keep when they are merged, and why. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

CLEARLY_LONGER = 1.2  # times the other text


@dataclass(frozen=True, slots=True)
class Facts:
    """What speaks for keeping an item. `incoming` counts the rows that point at it, items merged into it included."""

    item_id: int
    is_published: bool
    incoming: int
    attributes: int
    text_length: int
    has_image: bool
    has_url: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """The item to keep and the reason, as the end of the sentence `Keep this one: …`."""

    item_id: int
    reason: str


def choose(items: Sequence[Facts]) -> Choice:
    """The item to keep; its reason is what sets it off from the best of the others. There must be two or more."""
    best = reduce(lambda one, other: _better(one, other)[0], items)
    second = reduce(lambda one, other: _better(one, other)[0], [one for one in items if one is not best])
    return Choice(best.item_id, _better(best, second)[1])


def _better(one: Facts, other: Facts) -> tuple[Facts, str]:
    """What is public and relied upon stays; then the item that says more; then the older one."""
    if one.is_published != other.is_published:
        return (one if one.is_published else other), "only this one is published"
    if one.incoming != other.incoming:
        return _more(one, other, one.incoming, other.incoming, "more records point at it")
    if one.attributes != other.attributes:
        return _more(one, other, one.attributes, other.attributes, "it has more attributes")
    lengths = one.text_length, other.text_length
    if max(lengths) > CLEARLY_LONGER * min(lengths):
        return _more(one, other, *lengths, "its text says more")
    if one.has_image != other.has_image:
        return (one if one.has_image else other), "only this one has a picture"
    if one.has_url != other.has_url:
        return (one if one.has_url else other), "only this one has a link"
    older = min(one, other, key=lambda facts: (facts.created_at, facts.item_id))
    return older, "it is the older one" if one.created_at != other.created_at else "it was stored first"


def _more(one: Facts, other: Facts, ours: int, theirs: int, reason: str) -> tuple[Facts, str]:
    return (one if ours > theirs else other), f"{reason} ({max(ours, theirs):,} against {min(ours, theirs):,})"
