"""A process that asks an Akin's API and tells which partitions each statement of PostgreSQL reads, by its plan.

Prints one JSON list a request: its name, and of each statement the function that asked and the partitions by table.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import django

from config.watching.measuring.statements import EXPLAINED, SETTINGS

PARTITION = re.compile(r"(catalog_item|search_passage)_\d+_(\d+)\Z")
Statement = dict[str, list[int]]


def partitions_in(plan: Any) -> Iterator[tuple[str, int]]:
    if isinstance(plan, list):
        for one in plan:
            yield from partitions_in(one)
    elif isinstance(plan, dict):
        if match := PARTITION.match(str(plan.get("Relation Name", ""))):
            yield match[1], int(match[2])
        for one in plan.values():
            yield from partitions_in(one)


def _shown(query: str) -> str:
    """From where it says what is read."""
    line = " ".join(query.replace('"', "").split())
    return line[max(line.find(" FROM "), 0) :]


class Plans:
    """An execute wrapper of Django's that has each statement explained."""

    def __init__(self) -> None:
        self.read: list[tuple[str, Statement]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found_settings = SETTINGS.match(sql)
        query = sql[found_settings.end() :] if found_settings else sql
        if EXPLAINED.match(query) and not many:
            cursor = context["connection"].connection.cursor()
            with cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", params)
                found: Statement = {}
                for table, number in partitions_in(cursor.fetchone()[0]):
                    found.setdefault(table, []).append(number)
            self.read.append((_shown(query), {name: sorted(set(all_)) for name, all_ in found.items()}))
        return execute(sql, params, many, context)


def main(slug: str, external_id: str) -> None:
    django.setup()
    from django.db import connection
    from django.test import Client

    from catalog.access import create_key
    from catalog.models.api_key import Scope

    secret = create_key(name="asks", scope=Scope.CURATE)[1]
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {secret}"})
    root = f"/api/v1/collections/{slug}"
    new = {"title": "item 7 of another kind", "attributes": {"kind": "new"}}
    requests: dict[str, tuple[str, str, Any]] = {
        "search": ("get", f"{root}/search?q=item+7&facets=kind", None),
        "search with a filter": ("get", f"{root}/search?q=item&filter.kind=a&facets=kind", None),
        "search without text": ("get", f"{root}/search?facets=kind", None),
        "passages": ("post", f"{root}/passages", {"q": "item 7"}),
        "related": ("get", f"{root}/items/{external_id}/related", None),
        "recommend": ("post", f"{root}/recommend", {"positive": [{"item": external_id}]}),
        "check": ("post", f"{root}/duplicates/check", {"title": "item 7"}),
        "item": ("get", f"{root}/items/{external_id}", None),
        "items": ("get", f"{root}/items", None),
        "new item": ("put", f"{root}/items/new-1", new),
        "changed item": ("patch", f"{root}/items/new-1", {"title": "item 8 of another kind"}),
        "deleted item": ("delete", f"{root}/items/new-1", None),
    }
    for name, (method, path, body) in requests.items():
        plans = Plans()
        with connection.execute_wrapper(plans):
            answer = (
                getattr(client, method)(path, body, content_type="application/json")
                if body
                else getattr(client, method)(path)
            )
        problem = "" if answer.status_code < 300 else answer.content.decode()
        print(json.dumps([name, problem, plans.read]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
