"""The filters of the search page: what can be chosen, what is chosen, and how to undo it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from catalog.attributes.types import type_of
from catalog.pages.facts import label_of, text_of
from catalog.schemas import AttributeDefinition
from search.retrieval.page.links import Links, is_filter
from search.retrieval.query.parameters import FILTER_PREFIX
from search.retrieval.types import FacetValue, Filter, Understood

SHOWN_VALUES: Final = 7  # of a facet, before "more"

Schema = Mapping[str, AttributeDefinition]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet with the items that have it, where that is known."""

    value: str
    count: int | None
    is_selected: bool
    key: str  # an id for HTML that any value can have
    label: str = ""  # where it is not the value
    is_nested: bool = False  # lies in the choice above it


@dataclass(frozen=True, slots=True)
class Panel:
    """One facet: values to tick, or a range with the bounds that were asked for."""

    key: str
    label: str
    parameter: str
    is_range: bool
    is_numeric: bool
    choices: tuple[Choice, ...]
    minimum: str
    maximum: str
    is_faulty: bool = False  # a bound that was typed could not be read

    @property
    def first_choices(self) -> tuple[Choice, ...]:
        """What is shown at once: all that is selected, and the most frequent values."""
        return tuple(c for n, c in enumerate(self.choices) if n < SHOWN_VALUES or c.is_selected)

    @property
    def more_choices(self) -> tuple[Choice, ...]:
        return tuple(c for n, c in enumerate(self.choices) if n >= SHOWN_VALUES and not c.is_selected)


@dataclass(frozen=True, slots=True)
class Chip:
    """One active condition in words, and the address without it."""

    text: str
    link: str


def panels(
    facets: Mapping[str, Sequence[FacetValue]],
    filters: Sequence[Filter],
    schema: Schema,
    typed: Mapping[str, str] | None = None,
) -> tuple[Panel, ...]:
    """The facets that offer something, in the schema's order. `typed` are bounds that could not be read, as typed."""
    chosen = {found.attribute: found for found in filters}
    made = (
        _panel(name, facets.get(name, ()), chosen.get(name), schema, typed or {})
        for name, definition in schema.items()
        if name in facets or (definition.facet and name in chosen)
    )
    return tuple(panel for panel in made if panel.is_range or panel.choices)


def _panel(
    name: str, values: Sequence[FacetValue], found: Filter | None, schema: Schema, typed: Mapping[str, str]
) -> Panel:
    kind = type_of(schema[name])
    parameter = f"{FILTER_PREFIX}{name}"
    is_range = kind.facet_kind == "range"
    return Panel(
        key=key_of(name),
        label=label_of(name, schema),
        parameter=parameter,
        is_range=is_range,
        is_numeric=kind.is_numeric,
        choices=() if is_range else _choices(name, values, found),
        minimum=_bound(found.minimum) if found else typed.get(f"{parameter}.gte", ""),
        maximum=_bound(found.maximum) if found else typed.get(f"{parameter}.lte", ""),
        is_faulty=any(name.startswith(f"{parameter}.") for name in typed),
    )


def _choices(name: str, values: Sequence[FacetValue], found: Filter | None) -> tuple[Choice, ...]:
    terms = found.terms if found else ()
    known = {value.value for value in values}
    missing = [Choice(term, None, True, key_of(name, term)) for term in terms if term not in known]
    return (*missing, *(Choice(v.value, v.count, v.value in terms, key_of(name, v.value)) for v in values))


def key_of(name: str, value: str = "") -> str:
    """An id for HTML."""
    return f"f{zlib.crc32(f'{name}={value}'.encode()):08x}"


def _bound(bound: float | str | None) -> str:
    if bound is None:
        return ""
    return f"{bound:.12g}" if isinstance(bound, float) else bound


def chips(filters: Sequence[Filter], schema: Schema, links: Links) -> tuple[Chip, ...]:
    """One for each value, range and presence that was asked for."""
    return tuple(chip for found in filters for chip in _chips(found, schema, links))


def understood_chips(understood: Sequence[Understood], schema: Schema, links: Links) -> tuple[Chip, ...]:
    """What was read in the query; it is taken back by taking the query at its word."""
    return tuple(
        Chip(f"“{one.text.strip()}” read as {chip.text}", links.literally())
        for one in understood
        for chip in _chips(replace(one.filter, terms=one.filter.terms[:1]), schema, links)
    )


def _chips(found: Filter, schema: Schema, links: Links) -> list[Chip]:
    label, parameter = label_of(found.attribute, schema), f"{FILTER_PREFIX}{found.attribute}"
    made = [Chip(f"{label}: {term}", links.without(parameter, value=term)) for term in found.terms]
    if text := _range_text(found, schema):
        made.append(Chip(f"{label}: {text}", links.without(f"{parameter}.gte", f"{parameter}.lte")))
    if found.exists is not None:
        text = "given" if found.exists else "not given"
        made.append(Chip(f"{label}: {text}", links.without(f"{parameter}.exists")))
    return made


def _range_text(found: Filter, schema: Schema) -> str:
    low, high = (
        None if bound is None else text_of(found.attribute, bound, schema) for bound in (found.minimum, found.maximum)
    )
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}" if high else ""


def hidden_pairs(shown: Sequence[Panel], links: Links) -> tuple[tuple[str, str], ...]:
    """The conditions that no panel holds an input for; the form carries them along."""
    ranges = {panel.parameter for panel in shown if panel.is_range}
    terms = {panel.parameter for panel in shown if not panel.is_range}
    inputs = terms | {f"{name}.gte" for name in ranges} | {f"{name}.lte" for name in ranges}
    return tuple((n, v) for n, v in links.pairs if n == "literal" or (is_filter(n) and n not in inputs))
