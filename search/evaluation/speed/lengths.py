"""What a query costs by its length, and what one costs that was answered before."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from catalog.models import Collection, Item
from search.embedding.query_vectors import forget_queries
from search.retrieval.remembered import answer
from search.retrieval.search import search
from search.retrieval.types import MAX_QUERY_LENGTH, SearchRequest

LENGTHS = (30, 120, 600, 2_000, MAX_QUERY_LENGTH)  # characters; the first is a query of a few words
TRIALS = 4  # of each query; the fastest counts, as whatever else the machine does only makes it slower


def measure_lengths(collection: Collection, count: int) -> dict[str, float]:
    """Median milliseconds of `count` queries of each length, the longest against the shortest, and a repeated one."""
    by_length = {length: _queries(collection, count, length) for length in LENGTHS}
    search(SearchRequest(collection, "warm up"))
    figures = {f"{length}_characters_ms": _median(search, collection, texts) for length, texts in by_length.items()}
    shortest, *_, longest = figures.values()
    repeated = _median(answer, collection, by_length[LENGTHS[0]])  # but for the first trial
    return {**figures, "longest_to_shortest": round(longest / shortest, 2), "repeated_ms": repeated}


def _queries(collection: Collection, count: int, length: int) -> list[str]:
    """Texts of items, one after the other, cut to the length."""
    bodies = list(Item.objects.visible().filter(collection=collection).order_by("text_digest").values_list("body"))
    text = " ".join(body for (body,) in bodies[: count * max(length // 20, 1)])
    return [query for n in range(count) if (query := text[n * length : (n + 1) * length].replace('"', " ").strip())]


def _median(ask: Callable[[SearchRequest], object], collection: Collection, texts: Sequence[str]) -> float:
    return round(statistics.median(_fastest(ask, SearchRequest(collection, text)) for text in texts), 2)


def _fastest(ask: Callable[[SearchRequest], object], request: SearchRequest) -> float:
    taken = []
    for _ in range(TRIALS):
        forget_queries()
        started = time.perf_counter()
        ask(request)
        taken.append((time.perf_counter() - started) * 1_000)
    return min(taken)
