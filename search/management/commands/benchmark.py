"""Measures latency, throughput, recall and, when a file is given, the rate of an import, on this machine."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from catalog.models import Item
from catalog.services.collections import create_collection, delete_collection, get_collection
from search.evaluation import benchmark
from search.retrieval import indexes
from search.retrieval.types import MODES

CLIENTS = (1, 8)


class Command(BaseCommand):
    help = "Measures search on a collection, through HTTP too when --url names a running server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--collection", default="demo", metavar="SLUG")
        parser.add_argument("--queries", type=int, default=200, metavar="N", help="Distinct queries (default 200).")
        parser.add_argument("--url", metavar="URL", help="A running server, as in http://127.0.0.1:8000.")
        parser.add_argument("--ingest", type=Path, metavar="FILE", help="Also time an import of this file.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            figures = self._measure(**options)
        except CatalogError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, value in figures.items():
            self.stdout.write(f"{name}: {json.dumps(value)}")

    def _measure(
        self, *, collection: str, queries: int, url: str | None, ingest: Path | None, **_: Any
    ) -> dict[str, Any]:
        chosen = get_collection(slug=collection)
        texts = benchmark.sample_queries(chosen, queries * (1 + len(MODES) + (len(CLIENTS) if url else 0)))
        share = max(len(texts) // (1 + len(MODES) + (len(CLIENTS) if url else 0)), 1)
        parts = [texts[n : n + share] for n in range(0, len(texts), share)]
        figures: dict[str, Any] = {"collection": collection, "items": Item.objects.filter(collection=chosen).count()}
        figures["queries"] = share
        for mode in MODES:
            figures[f"search_{mode}"] = asdict(benchmark.measure_search(chosen, parts.pop(0), mode))
        for clients in CLIENTS if url else ():
            figures[f"http_hybrid_{clients}_clients"] = asdict(
                benchmark.measure_http(chosen, parts.pop(0), url or "", clients)
            )
        figures["recall_at_10_against_exact"] = benchmark.measure_recall(chosen, parts.pop(0)[:100])
        figures["encoder_items_per_second"] = benchmark.measure_encoder(chosen, 2_000)
        figures["memory_mb"] = benchmark.resident_megabytes()
        return figures | (self._ingest(ingest) if ingest else {})

    def _ingest(self, file: Path) -> dict[str, Any]:
        """From an empty collection to all items embedded and indexed."""
        slug = f"benchmark-{int(time.time())}"
        collection = create_collection(slug=slug, visibility="private")
        try:
            started = time.perf_counter()
            call_command("import_items", str(file), collection=slug, wait=True, stdout=self.stderr)
            elapsed = time.perf_counter() - started
            items = Item.objects.filter(collection=collection).count()
        finally:
            delete_collection(collection=collection)
            indexes.build_missing()
        return {
            "ingest_items": items,
            "ingest_seconds": round(elapsed, 1),
            "ingest_items_per_second": round(items / elapsed, 1),
        }
