"""Measures one system and writes its figures as JSON; `benchmarks.compare` runs it in the environment."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.corpus import Corpus, JudgedQuery, read_corpus, read_judged_queries, sample_queries
from benchmarks.report import Figures
from benchmarks.systems import SYSTEMS, Place, System
from search.evaluation import metrics
from search.evaluation.speed import latency

CLIENTS = 8
SETTLE_SECONDS = 180  # at most, for what a system still does after it has loaded the items


def main() -> None:
    options = _options()
    folder: Path = options.folder
    corpus = read_corpus(options.corpus, name="corpus", limit=options.items, folder=folder / "items")
    kind = SYSTEMS[options.system]
    system = kind(Place(folder / options.system, options.port, options.akin_python))
    try:
        figures = measure_system(system, corpus, options.queries)
        if options.judged:
            judged = read_corpus(options.judged / "items.jsonl", name="judged", limit=0, folder=folder / "items")
            figures.update(measure_quality(system, judged, read_judged_queries(options.judged)))
    finally:
        system.stop()
    options.output.write_text(json.dumps(asdict(Figures(kind.name, kind.kind, system.version(), **figures))))


def measure_system(system: System, corpus: Corpus, count: int) -> dict[str, Any]:
    """How fast the items are loaded and searched, and what the system holds of memory after that."""
    _say(system, f"loads {len(corpus.items):,} items")
    started = time.perf_counter()
    system.load(corpus)
    elapsed = time.perf_counter() - started
    settling = system.server.wait_until_idle(seconds=SETTLE_SECONDS)
    queries = sample_queries(corpus.items, 3 * count)
    one, many = queries[: len(queries) // 3], queries[len(queries) // 3 :]
    _say(system, f"answers {len(one):,} queries of one client and {len(many):,} of {CLIENTS}")
    alone = latency.measure(one, lambda query: system.search(corpus.name, query), clients=1)
    together = latency.measure(many, lambda query: system.search(corpus.name, query), clients=CLIENTS)
    return {
        "items_per_second": len(corpus.items) / elapsed,
        "settling_seconds": settling,
        "one_client": asdict(alone),
        "many_clients": asdict(together),
        "memory_mb": system.memory(),
    }


def measure_quality(system: System, corpus: Corpus, queries: Sequence[JudgedQuery]) -> dict[str, Any]:
    """nDCG of the first ten hits, with its 95 % interval."""
    _say(system, f"loads the {len(corpus.items):,} items of the judged set")
    system.load(corpus)
    gains = [metrics.ndcg(system.search(corpus.name, query.text), query.grades) for query in queries]
    low, high = metrics.bootstrap_interval(gains)
    return {"ndcg": sum(gains) / len(gains), "ndcg_low": low, "ndcg_high": high}


def _say(system: System, what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {system.name} {what}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--queries", type=int, required=True)
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--akin-python", required=True)
    parser.add_argument("--output", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
