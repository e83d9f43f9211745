"""The items and the queries that every system gets."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from search.evaluation.speed import latency


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    title: str
    body: str

    @property
    def text(self) -> str:
        """Title and body as one, as Akin embeds them."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Items, and the file of exactly these in Akin's import format."""

    name: str
    items: list[Item]
    file: Path


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    text: str
    grades: dict[str, int]


def read_corpus(path: Path, *, name: str, limit: int, folder: Path) -> Corpus:
    """The first `limit` lines of a .jsonl or .jsonl.gz file; 0 is all of them. They are copied into `folder`."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as source:
        lines = [line for line in islice(source, limit or None) if line.strip()]
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{name}.jsonl"
    copy.write_text("".join(lines), encoding="utf-8")
    rows = [json.loads(line) for line in lines]
    items = [Item(row["external_id"], row["title"], row.get("body", "")) for row in rows]
    return Corpus(name, items, copy)


def sample_queries(items: Sequence[Item], count: int) -> list[str]:
    """At most `count` distinct queries: runs of words out of random items. The same ones for the same items."""
    generator = random.Random(latency.SEED)
    chosen = generator.sample(list(items), min(count, len(items)))
    return latency.queries_from([item.text for item in chosen], generator)


def read_judged_queries(folder: Path) -> list[JudgedQuery]:
    """The queries of queries.jsonl that have a relevant item in qrels.tsv."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            grades[row["query_id"]][row["item_id"]] = int(row["grade"])
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [json.loads(line) for line in lines if line.strip()]
    judged = [JudgedQuery(query["text"], grades[str(query["id"])]) for query in queries]
    return [query for query in judged if any(grade > 0 for grade in query.grades.values())]
