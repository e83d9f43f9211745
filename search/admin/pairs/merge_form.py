"""Choosing, field by field, what a merge keeps of two items, and showing what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString

from catalog.errors import InvalidInput
from catalog.models import Item
from catalog.pages.facts import label_of
from catalog.services.merge import ATTRIBUTE_PREFIX, ATTRIBUTES, MERGED_FIELDS, Side, merged_content
from catalog.services.rereading import schema_of
from search.admin.pairs.differences import Difference, compare_attributes, mark_differences, shown

PICK = "pick."  # of the form's names; the value is first, second or both
LABELS = {"title": "Title", "body": "Text", "url": "Link", "image": "Picture"}
EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both items. `options` are the sides that can be chosen; without any there is nothing to choose."""

    name: str
    key: str
    left: SafeString
    right: SafeString
    is_same: bool
    options: tuple[str, ...]
    chosen: str

    @property
    def picks(self) -> str:
        return PICK + self.key


@dataclass(frozen=True, slots=True)
class MergeForm:
    """The fields side by side with what is chosen, and the content that the keeper would have."""

    keeper: Item
    other: Item
    rows: list[Row]
    result: list[tuple[str, str]]
    problem: str = ""


def merge_form(first: Item, second: Item, *, keeper_id: int, data: Mapping[str, Any]) -> MergeForm:
    """The form as `data` (of a query or a post) fills it; what it does not say is the keeper's."""
    is_first = keeper_id == first.pk
    keeper, other = (first, second) if is_first else (second, first)
    rows = [_row(difference, key, first, second, is_first, data) for key, difference in _differences(first, second)]
    choices = _choices(rows, is_first)
    try:
        content = merged_content(keeper, other, choices)
    except InvalidInput as error:
        return MergeForm(keeper, other, rows, [], error.message)
    result = [(LABELS[name], content[name]) for name in MERGED_FIELDS if content[name]]
    schema = schema_of(first.collection)
    result += [(label_of(name, schema), shown(value)) for name, value in sorted(content[ATTRIBUTES].items())]
    return MergeForm(keeper, other, rows, result)


def field_choices(first: Item, second: Item, *, keeper_id: int, data: Mapping[str, Any]) -> dict[str, Side]:
    """What the form says, as `merge_items` takes it."""
    is_first = keeper_id == first.pk
    rows = (_row(difference, key, first, second, is_first, data) for key, difference in _differences(first, second))
    return _choices(rows, is_first)


def _choices(rows: Iterator[Row] | list[Row], is_first: bool) -> dict[str, Side]:
    keeper_side = "first" if is_first else "second"
    return {
        row.key: "keeper" if row.chosen == keeper_side else "other"
        for row in rows
        if row.options and row.chosen != "both"
    }


def _differences(first: Item, second: Item) -> Iterator[tuple[str, Difference]]:
    for name in MERGED_FIELDS:
        left, right = getattr(first, name), getattr(second, name)
        if left or right:
            yield name, Difference(LABELS[name], *mark_differences(left, right), is_same=left == right)
    schema = schema_of(first.collection)
    for difference in compare_attributes(first.attributes, second.attributes):
        yield ATTRIBUTE_PREFIX + difference.name, replace(difference, name=label_of(difference.name, schema))


def _row(difference: Difference, key: str, first: Item, second: Item, is_first: bool, data: Mapping[str, Any]) -> Row:
    left, right = _value(first, key), _value(second, key)
    options: tuple[str, ...] = ()
    chosen = "first" if is_first else "second"
    if left not in EMPTY and right not in EMPTY and left != right:
        options = ("first", "second")
        if isinstance(left, list) and isinstance(right, list):
            options, chosen = (*options, "both"), "both"
        wanted = str(data.get(PICK + key, ""))
        chosen = wanted if wanted in options else chosen
    return Row(difference.name, key, difference.left, difference.right, difference.is_same, options, chosen)


def _value(item: Item, key: str) -> Any:
    if key.startswith(ATTRIBUTE_PREFIX):
        return item.attributes.get(key.removeprefix(ATTRIBUTE_PREFIX))
    return getattr(item, key)
