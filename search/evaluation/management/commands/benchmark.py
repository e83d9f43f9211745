"""Measures latency, throughput, recall and, when asked for, what saving and embedding cost, on this machine."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from catalog.models import Collection, Item
from catalog.services.collections import create_collection, delete_collection, get_collection
from search.evaluation.speed import benchmark, filtering, ingest_benchmark, lengths, profiling
from search.retrieval.types import MODES
from search.retrieval.upkeep import indexes

CLIENTS = (1, 8)


class Command(BaseCommand):
    help = "Measures search on a collection, through HTTP too when --url names a running server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--collection", default="demo", metavar="SLUG")
        parser.add_argument("--queries", type=int, default=200, metavar="N", help="Distinct queries (default 200).")
        parser.add_argument("--url", metavar="URL", help="A running server, as in http://127.0.0.1:8000.")
        parser.add_argument("--ingest", type=Path, metavar="FILE", help="Also time an import of this file.")
        parser.add_argument("--saving", type=int, metavar="N", help="Also time N saves with Akin and N without.")
        parser.add_argument(
            "--time-to-search",
            type=int,
            metavar="N",
            help="Also time N saves until a worker has embedded them.",
        )
        parser.add_argument(
            "--pipeline", type=int, metavar="N", help="Also embed N items here, and compare with the encoder alone."
        )
        parser.add_argument(
            "--rate", type=float, metavar="N", help="Also search N times a second for --seconds, whatever else goes on."
        )
        parser.add_argument("--seconds", type=int, default=30, metavar="N", help="How long (default 30).")
        parser.add_argument(
            "--profile", action="store_true", help="Print only where the time of a search goes, with --url HTTP too."
        )
        parser.add_argument(
            "--lengths", type=int, metavar="N", help="Print only what N queries of each length cost, and repeated ones."
        )
        parser.add_argument(
            "--filters", type=int, metavar="N", help="Also N queries under filters, in a collection of scale_corpus."
        )
        parser.add_argument("--without-search", action="store_true", help="Leave out latency, recall and memory.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rate"] and not options["url"]:
            raise CommandError("--rate searches through HTTP: name the server with --url.")
        try:
            figures = self._figures(options)
        except CatalogError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, value in figures.items():
            self.stdout.write(f"{name}: {json.dumps(value)}")

    def _figures(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["lengths"]:
            chosen = get_collection(slug=options["collection"])
            return {"collection": chosen.slug, "lengths": lengths.measure_lengths(chosen, options["lengths"])}
        return self._profile(**options) if options["profile"] else self._measure_all(options)

    def _profile(self, *, collection: str, queries: int, url: str | None, **_: Any) -> dict[str, Any]:
        chosen = get_collection(slug=collection)
        texts = benchmark.sample_queries(chosen, queries)
        if not texts:
            raise CommandError(f"There is nothing to search for in '{collection}'.")
        return {"collection": collection, "profile": profiling.profile(chosen, texts, url)}

    def _measure_all(self, options: dict[str, Any]) -> dict[str, Any]:
        searches = self._measure(**options) | self._measure_filtered(**options) | self._measure_paced(**options)
        return searches | self._measure_ingest(options)

    def _measure_filtered(self, *, collection: str, filters: int | None, **_: Any) -> dict[str, Any]:
        if not filters:
            return {}
        chosen = get_collection(slug=collection)
        queries = benchmark.sample_queries(chosen, filters, seed=filters)
        if not (found := filtering.measure_filters(chosen, queries)):
            raise CommandError(f"'{collection}' has no numbers to filter by: make one with scale_corpus.")
        return {"filters": {share: asdict(figures) for share, figures in found.items()}}

    def _measure(
        self, *, collection: str, queries: int, url: str | None, without_search: bool, **_: Any
    ) -> dict[str, Any]:
        chosen = get_collection(slug=collection)
        if without_search:
            return {"collection": collection}
        num_parts = 2 + len(MODES) + (len(CLIENTS) if url else 0)
        texts = benchmark.sample_queries(chosen, queries * num_parts)
        share = max(len(texts) // num_parts, 1)
        parts = [texts[n : n + share] for n in range(0, len(texts), share)]
        figures: dict[str, Any] = {"collection": collection, "items": Item.objects.filter(collection=chosen).count()}
        figures["queries"] = share
        figures["encoder_and_bare_sql"] = asdict(benchmark.measure_bare(chosen, parts.pop(0)))
        for mode in MODES:
            figures[f"search_{mode}"] = asdict(benchmark.measure_search(chosen, parts.pop(0), mode))
        for clients in CLIENTS if url else ():
            figures[f"http_hybrid_{clients}_clients"] = asdict(
                benchmark.measure_http(chosen, parts.pop(0), url or "", clients)
            )
        figures["recall_at_10_against_exact"] = benchmark.measure_recall(chosen, parts.pop(0)[:100])
        figures["encoder_items_per_second"] = benchmark.measure_encoder(chosen, 2_000)
        figures["memory_mb"] = benchmark.resident_megabytes()
        return figures

    def _measure_paced(
        self, *, collection: str, rate: float | None, seconds: int, url: str | None, **_: Any
    ) -> dict[str, Any]:
        if not rate:
            return {}
        chosen = get_collection(slug=collection)
        queries = benchmark.sample_queries(chosen, math.ceil(rate * seconds), seed=int(time.time()))
        return {
            f"http_hybrid_{rate:g}_a_second": asdict(benchmark.measure_paced_http(chosen, queries, url or "", rate))
        }

    def _measure_ingest(self, options: dict[str, Any]) -> dict[str, Any]:
        """What was asked for, on texts of the collection, in collections that are gone afterwards."""
        source = get_collection(slug=options["collection"])
        measures: dict[str, Callable[[Collection, int], Any]] = {
            "saving": ingest_benchmark.measure_saving,
            "time_to_search": ingest_benchmark.measure_time_to_search,
            "pipeline": ingest_benchmark.measure_pipeline,
        }
        figures = {name: asdict(measure(source, options[name])) for name, measure in measures.items() if options[name]}
        return figures | (self._ingest(options["ingest"]) if options["ingest"] else {})

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
