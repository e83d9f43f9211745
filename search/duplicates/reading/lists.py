"""Lists in an item: tracks, ingredients, contents, as lines, parts of a text, or an attribute's values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from search.duplicates.reading.words import read, squash

FEWEST, MOST = 4, 200  # entries
LONGEST = 60  # characters that an entry has in the middle; longer ones are sentences
SEPARATORS = ("\n", " / ", "|", ";", "/")  # no comma: names and clauses are set off by commas, too
_NUMBERED = re.compile(r"^(?:track)?[ _]*\d{1,3}[.):\-]* +(?=\S)")
_SERIES = re.compile(r"^(.*?)[ _]*\d+$")


def list_of(body: str, attributes: Mapping[str, object]) -> tuple[str, ...]:
    """The entries of the longest list that the item has, squashed, in order and each once; () when it has none."""
    lists = [list(map(str, value)) for value in attributes.values() if isinstance(value, list)]
    lists += _spread(attributes)
    lists.append(_split(body))
    longest = max(lists, key=len)
    entries = (squash(_NUMBERED.sub("", read(entry).strip())) for entry in longest[:MOST])
    found = tuple(dict.fromkeys(entry for entry in entries if entry))
    return found if len(found) >= FEWEST else ()


def _spread(attributes: Mapping[str, object]) -> list[list[str]]:
    """Lists spread over attributes of one name and a number, as track01 and track02."""
    found: dict[str, list[str]] = {}
    for name, value in attributes.items():
        series = _SERIES.match(name)
        if series and isinstance(value, str):
            found.setdefault(series[1], []).append(value)
    return list(found.values())


def _split(text: str) -> list[str]:
    """The entries of a text that is a list by one of the separators; [] when it is running text."""
    for separator in SEPARATORS:
        if text.count(separator) >= FEWEST - 1:
            entries = [entry.strip() for entry in text.split(separator) if entry.strip()]
            if len(entries) >= FEWEST and sorted(map(len, entries))[len(entries) // 2] <= LONGEST:
                return entries
    return []
