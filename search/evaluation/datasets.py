"""Reading judged sets: items, queries with judgements, matching pairs."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from catalog.errors import InvalidInput
from catalog.importing import Problem, open_lines
from catalog.schemas import DuplicatePolicy, ItemInput, parse_duplicate_policy


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query with the grade of each judged item."""

    id: str
    text: str
    grades: dict[str, int]


@dataclass(frozen=True, slots=True)
class SearchDataset:
    name: str
    items: list[ItemInput]
    queries: list[JudgedQuery]
    problems: list[Problem]  # lines that are no items and were left out


@dataclass(frozen=True, slots=True)
class MatchDataset:
    name: str
    items: list[ItemInput]
    matches: set[tuple[str, str]]
    policy: DuplicatePolicy
    problems: list[Problem]


def load_search_dataset(folder: Path) -> SearchDataset:
    """Reads items.jsonl, queries.jsonl and qrels.tsv. Raises InvalidInput that names the file."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows(folder / "qrels.tsv", ("query_id", "item_id", "grade")):
        grades[row["query_id"]][row["item_id"]] = _grade(folder, row["grade"])
    queries = [
        JudgedQuery(str(data["id"]), str(data["text"]), grades.get(str(data["id"]), {}))
        for data in _json_lines(folder / "queries.jsonl")
    ]
    items, problems = _items(folder)
    return SearchDataset(folder.name, items, queries, problems)


def load_match_dataset(folder: Path) -> MatchDataset:
    """Reads items.jsonl, matches.tsv and, where there is one, policy.json. Raises InvalidInput."""
    matches = {
        ordered(row["item_a"], row["item_b"]) for row in _rows(folder / "matches.tsv", ("item_a", "item_b"))
    }
    policy = DuplicatePolicy()
    if (path := folder / "policy.json").exists():
        policy = parse_duplicate_policy(json.loads(path.read_text()))
    items, problems = _items(folder)
    return MatchDataset(folder.name, items, matches, policy, problems)


def ordered(a: str, b: str) -> tuple[str, str]:
    """The pair in one order, whichever way it was given."""
    return (a, b) if a <= b else (b, a)


def _items(folder: Path) -> tuple[list[ItemInput], list[Problem]]:
    """As in an import, a bad line is left out and reported; a set without any item is an error."""
    with open_lines(folder / "items.jsonl") as lines:
        read = list(lines)
    items = [line.item for line in read if line.item is not None]
    if not items:
        raise InvalidInput(f"{folder / 'items.jsonl'}: there is no item in it.")
    return items, [Problem(line.number, line.reason) for line in read if line.item is None]


def _json_lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{path}: {error}.") from error


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if missing := set(columns) - set(reader.fieldnames or ()):
                raise InvalidInput(f"{path}: the first line must name {', '.join(sorted(missing))}.")
            return list(reader)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.") from error


def _grade(folder: Path, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InvalidInput(f"{folder / 'qrels.tsv'}: the grade '{text}' is no whole number.") from error
