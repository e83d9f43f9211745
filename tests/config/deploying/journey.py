"""What people do first, in a process of its own: put, embed, search, compare, scan, import, correct, delete.

It asks only what programs rely on (HTTP paths, commands, names of tasks), so that any version of Akin can run it: the
current directory says which. It prints what it found as one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ITEMS = [
    {"external_id": f"i{n}", "title": f"{word} {n}", "body": f"A {word} for hikers, number {n}."}
    for n, word in enumerate(("tent", "lamp", "boot", "stove", "rope", "map", "tarp", "mug"))
]
TWIN = {"external_id": "twin", "title": ITEMS[0]["title"], "body": ITEMS[0]["body"]}
IMPORTED = {"external_id": "file", "title": "kettle", "body": "A kettle out of a file."}
PATH = "/api/v1/collections"


class Caller:
    """Asks Akin's own API within this process, as somebody with a key that may everything."""

    def __init__(self) -> None:
        from django.test import Client

        from catalog.access import create_key
        from catalog.models.api_key import Scope

        secret = create_key(name="of a journey", scope=Scope.CURATE)[1]
        self._client = Client(headers={"authorization": f"Bearer {secret}"})

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = getattr(self._client, method)(f"{PATH}{path}", **content)
        if answer.status_code >= 400:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.content.decode()}")
        return json.loads(answer.content) if answer.content else None


def run_task(name: str, *arguments: Any) -> None:
    """As a worker does, without a message."""
    from config.celery import app

    app.loader.import_default_modules()
    app.tasks[name](*arguments)


def travel(slug: str, folder: Path) -> dict[str, Any]:
    from django.core.management import call_command

    from catalog.models import Collection, Run

    ask = Caller()
    ask("post", "", {"slug": slug, "name": slug})
    ask("post", f"/{slug}/items/bulk", ITEMS)
    ask("put", f"/{slug}/items/twin", TWIN)
    run_task("embedding.embed_pending")
    run_task("retrieval.keep_ready")
    run_task("duplicates.check_embedded")
    run = Run.objects.create(kind="duplicate_scan", collection=Collection.objects.get(slug=slug))
    run_task("duplicates.scan", run.pk)
    (folder / "items.jsonl").write_text(json.dumps(IMPORTED) + "\n")
    call_command("import_items", str(folder / "items.jsonl"), "--collection", slug)
    ask("patch", f"/{slug}/items/i1", {"title": "lantern 1"})
    ask("delete", f"/{slug}/items/i7")
    run_task("embedding.sweep")
    run_task("embedding.embed_pending")
    run.refresh_from_db()
    return {"scan": run.state} | look(ask, slug)


def look(ask: Caller, slug: str) -> dict[str, Any]:
    """What the collection says of itself afterwards; decides its first pair."""
    suggested = ask("get", f"/{slug}/duplicates")["pairs"]
    no = {"decision": "dismissed"}
    decided = [ask("post", f"/{slug}/duplicates/{pair['id']}/decision", no) for pair in suggested]
    searched = {mode: ask("get", f"/{slug}/search?q=lantern&mode={mode}") for mode in ("hybrid", "lexical", "semantic")}
    return {
        "states": ask("get", f"/{slug}/status")["states"],
        "found": {mode: answer["hits"][0]["external_id"] for mode, answer in searched.items()},
        "related": len(ask("get", f"/{slug}/items/i0/related")["items"]),
        "checked": [
            like["item"]["external_id"] for like in ask("post", f"/{slug}/duplicates/check", TWIN)["duplicates"]
        ],
        "decided": [[pair["first"]["external_id"], pair["second"]["external_id"], pair["state"]] for pair in decided],
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    import django

    django.setup()
    print(json.dumps(travel(sys.argv[1], Path(sys.argv[2]))))
