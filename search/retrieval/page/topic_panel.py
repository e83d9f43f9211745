"""The topics that Akin found, as a filter of the search page: coarse ones, and within a chosen one its fine ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from catalog.pages.facts import label_of
from catalog.schemas import AttributeDefinition
from search.retrieval.page.links import Links
from search.retrieval.page.panels import Chip, Choice, Panel, key_of
from search.retrieval.query.topics import PARAMETER
from search.retrieval.types import TOPIC, FacetValue

LABEL = "Topic"
OTHER_LABEL = "Topic by content"  # beside an attribute of that name


def topic_panels(values: Sequence[FacetValue], schema: Mapping[str, AttributeDefinition]) -> tuple[Panel, ...]:
    """One panel, or none where there is nothing to choose."""
    choices = tuple(_choices(values))
    if len(choices) < 2 and not any(choice.is_selected for choice in choices):
        return ()
    is_taken = any(label_of(name, schema).lower() == LABEL.lower() for name in schema)
    return (
        Panel(
            key=key_of(TOPIC),
            label=OTHER_LABEL if is_taken else LABEL,
            parameter=PARAMETER,
            is_range=False,
            is_numeric=False,
            choices=choices,
            minimum="",
            maximum="",
        ),
    )


def _choices(values: Sequence[FacetValue]) -> Iterator[Choice]:
    opened = {value.parent or value.value for value in values if value.is_selected}
    for coarse in (value for value in values if not value.parent):
        yield _choice(coarse)
        fine = [value for value in values if value.parent == coarse.value]
        if coarse.value in opened and (len(fine) > 1 or any(value.is_selected for value in fine)):
            yield from map(_choice, fine)


def _choice(value: FacetValue) -> Choice:
    is_nested = bool(value.parent)
    key = key_of(TOPIC, value.value)
    return Choice(value.value, value.count, value.is_selected, key, label=value.label, is_nested=is_nested)


def topic_chips(values: Sequence[FacetValue], links: Links) -> tuple[Chip, ...]:
    """The chosen topics by name. Their ids are those that the address names, unless topics were merged meanwhile."""
    chosen = [value for value in values if value.is_selected]
    asked = {value for name, value in links.pairs if name == PARAMETER}
    return tuple(
        Chip(
            f"Topic: {value.label}",
            links.without(PARAMETER, value=value.value if value.value in asked else None),
        )
        for value in chosen
    )
