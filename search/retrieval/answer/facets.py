"""Counts of attribute values over one candidate set."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection

from search.retrieval.answer.topics import count_topics
from search.retrieval.ranking.filters import number_in
from search.retrieval.types import TOPIC, FacetValue, Filter

MAX_VALUES = 30  # of one facet, the most frequent first; selected values are always kept

_read_json = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).decode

VALUES = "SELECT i.id, {columns} FROM catalog_item i WHERE i.id = ANY(%(ids)s)"


def count_facets(
    hit_of: Mapping[int, int], names: Sequence[str], filters: Sequence[Filter]
) -> dict[str, tuple[FacetValue, ...]]:
    """The most frequent values of each attribute among the items, with how many hits have them.

    `hit_of` says of each item which hit stands for it: duplicates that are shown as one count as one.
    """
    selected = {one.attribute: {_written(term) for term in one.terms} for one in filters if one.terms}
    topics = {TOPIC: count_topics(hit_of, selected.get(TOPIC, set()))} if TOPIC in names else {}
    names = [name for name in names if name != TOPIC]
    facets: dict[str, list[FacetValue]] = {name: [] for name in names}
    for name, counts in _counts(hit_of, names).items():
        for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
            is_selected = value in selected.get(name, ())
            if len(facets[name]) < MAX_VALUES or is_selected:
                facets[name].append(FacetValue(value, count, is_selected))
    for name in names:
        counted = {value.value for value in facets[name]}
        facets[name] += [FacetValue(v, 0, True) for v in sorted(selected.get(name, set()) - counted)]
    return {name: tuple(values) for name, values in facets.items()} | topics


def _written(term: str) -> str:
    """The term as the counts write it: 5.0 and 5 are one number."""
    number = number_in(term)
    return term if number is None else plain_number(Decimal(str(number)))


def _counts(hit_of: Mapping[int, int], names: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many of the hits have each value. Most items have few different ones, so each is read once."""
    if not hit_of or not names:
        return {}
    columns = ", ".join(f"(i.attributes -> %(name{n})s)::text" for n in range(len(names)))
    parameters: dict[str, Any] = {"ids": list(hit_of), **{f"name{n}": name for n, name in enumerate(names)}}
    with connection.cursor() as cursor:
        cursor.execute(VALUES.format(columns=columns), parameters)
        rows = cursor.fetchall()
    return {name: _counts_of((hit_of[row[0]], row[n]) for row in rows) for n, name in enumerate(names, start=1)}


def _counts_of(texts: Iterable[tuple[int, str | None]]) -> dict[str, int]:
    """From JSON as PostgreSQL writes it, by hit, to single values; a hit counts once for each of a list's."""
    hits_by_text: dict[str, set[int]] = defaultdict(set)
    for hit, text in texts:
        if text is not None:
            hits_by_text[text].add(hit)
    hits_by_value: dict[str, set[int]] = defaultdict(set)
    for text, hits in hits_by_text.items():
        for value in _values(_read_json(text)):
            hits_by_value[value] |= hits
    return {value: len(hits) for value, hits in hits_by_value.items()}


def _values(attribute: Any) -> set[str]:
    ones = attribute if isinstance(attribute, list) else [attribute]
    return {written for one in ones if (written := _shown(one))}


def _shown(value: Any) -> str:
    """A value as text; nothing for what cannot be chosen from a list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain_number(value)
    return value if isinstance(value, str) else ""


def plain_number(number: Decimal) -> str:
    """Without zeros at the end or an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
