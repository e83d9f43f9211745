"""Reading judged sets: items, queries with judgements, matching pairs."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import orjson

from catalog.errors import InvalidInput
from catalog.importing.lines import open_lines
from catalog.importing.report import Problem
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


def load_search_dataset(folder: Path, *, with_items: bool = True) -> SearchDataset:
    """Reads queries.jsonl, qrels.tsv and, unless they are a collection's, items.jsonl. Raises InvalidInput."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows(folder / "qrels.tsv", ("query_id", "item_id", "grade")):
        grades[row["query_id"]][row["item_id"]] = _grade(folder, row["grade"])
    queries = [
        JudgedQuery(query_id, text, grades.get(query_id, {})) for query_id, text in _queries(folder / "queries.jsonl")
    ]
    items, problems = load_items(folder) if with_items else ([], [])
    return SearchDataset(folder.name, items, queries, problems)


def load_match_dataset(folder: Path) -> MatchDataset:
    """Reads items.jsonl, matches.tsv and, where there is one, policy.json. Raises InvalidInput."""
    matches = {ordered(row["item_a"], row["item_b"]) for row in _rows(folder / "matches.tsv", ("item_a", "item_b"))}
    policy = DuplicatePolicy()
    if (path := folder / "policy.json").exists():
        policy = _policy(path)
    items, problems = load_items(folder)
    return MatchDataset(folder.name, items, matches, policy, problems)


@dataclass(frozen=True, slots=True)
class LabelledDataset:
    """Items whose true value of one attribute is known, and without that attribute, so that nothing reads it."""

    name: str
    attribute: str
    items: list[ItemInput]
    values: dict[str, str]  # by external id
    problems: list[Problem]


def load_labelled_dataset(folder: Path, attribute: str) -> LabelledDataset:
    """Reads items.jsonl and takes the attribute's first text out of each item. Raises InvalidInput without any."""
    items, problems = load_items(folder)
    values: dict[str, str] = {}
    bare = []
    for item in items:
        value = item.attributes.get(attribute)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str) and first:
            values[item.external_id] = first
        left = {name: one for name, one in item.attributes.items() if name != attribute}
        bare.append(item.model_copy(update={"attributes": left}))
    if len(set(values.values())) < 2:
        raise InvalidInput(f"{folder / 'items.jsonl'}: the attribute '{attribute}' has not two different texts.")
    return LabelledDataset(folder.name, attribute, bare, values, problems)


def ordered(a: str, b: str) -> tuple[str, str]:
    """The pair in one order, whichever way it was given."""
    return (a, b) if a <= b else (b, a)


def load_items(folder: Path) -> tuple[list[ItemInput], list[Problem]]:
    """As in an import, a bad line is left out and reported; a set without any item is an error."""
    with open_lines(folder / "items.jsonl") as lines:
        read = list(lines)
    items = [line.item for line in read if line.item is not None]
    if not items:
        raise InvalidInput(f"{folder / 'items.jsonl'}: there is no item in it.")
    return items, [Problem(line.number, line.reason) for line in read if line.item is None]


def _queries(path: Path) -> list[tuple[str, str]]:
    """The id and the text of each query."""
    queries = []
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            data = orjson.loads(line)
            queries.append((str(data["id"]), str(data["text"])))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise InvalidInput(f"{path}, line {number}: not an object with id and text.") from error
    return queries


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path}: not UTF-8.") from error


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(_read(path)), delimiter="\t", quoting=csv.QUOTE_NONE)
    if missing := set(columns) - set(reader.fieldnames or ()):
        raise InvalidInput(f"{path}: the first line must name {', '.join(sorted(missing))}.")
    rows = list(reader)
    for row in rows:
        if any(row[column] is None for column in columns):
            raise InvalidInput(f"{path}: a line has fewer columns than the first one.")
    return rows


def _policy(path: Path) -> DuplicatePolicy:
    try:
        return parse_duplicate_policy(orjson.loads(_read(path)))
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{path}: not JSON: {error}.") from error


def _grade(folder: Path, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InvalidInput(f"{folder / 'qrels.tsv'}: the grade '{text}' is no whole number.") from error
