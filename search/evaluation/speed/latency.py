"""How long single requests take and how many are answered a second, and the queries to ask. Pure."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

QUERY_WORDS = (2, 7)  # words of a query made from an item, at least and below
SEED = 11
PACED_CLIENTS = 16  # connections of a load at a given rate
WARM_UP = 3  # requests before those that count


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of single requests in milliseconds, and how many were answered a second."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    per_second: float


def queries_from(texts: Sequence[str], generator: random.Random) -> list[str]:
    """Distinct runs of words, at most one out of each text, in random order."""
    queries = []
    for text in texts:
        words = text.split()
        start = generator.randrange(max(len(words) // 2, 1))
        queries.append(" ".join(words[start : start + generator.randrange(*QUERY_WORDS)]).strip('"-'))
    generator.shuffle(queries)
    return [query for query in dict.fromkeys(queries) if query]


def measure(queries: Sequence[str], ask: Callable[[str], object], *, clients: int) -> Latencies:
    """Asks each query once, by so many clients at a time. Raises what `ask` raises."""
    for query in queries[:WARM_UP]:
        ask(f"{query} warm")
    taken: list[float] = []

    def timed(query: str) -> None:
        started = time.perf_counter()
        ask(query)
        taken.append((time.perf_counter() - started) * 1_000)

    started = time.perf_counter()
    if clients == 1:
        for query in queries:
            timed(query)
    else:
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(timed, queries))
    return summary(taken, time.perf_counter() - started)


def measure_paced(queries: Sequence[str], ask: Callable[[str], object], *, per_second: float) -> Latencies:
    """Asks each query once, at its own time whether those before are answered or not. Raises what `ask` raises.

    A request is timed from when it was due, so one that had to wait for a free client counts its waiting.
    """
    started = time.perf_counter()

    def timed(numbered: tuple[int, str]) -> float:
        number, query = numbered
        due = started + number / per_second
        time.sleep(max(due - time.perf_counter(), 0.0))
        ask(query)
        return (time.perf_counter() - due) * 1_000

    with ThreadPoolExecutor(PACED_CLIENTS) as pool:
        taken = list(pool.map(timed, enumerate(queries)))
    return summary(taken, time.perf_counter() - started)


def summary(milliseconds: Sequence[float], elapsed: float) -> Latencies:
    """The figures of requests that took so long each and `elapsed` seconds together."""
    p50, p95, p99 = (float(value) for value in np.percentile(milliseconds, [50, 95, 99]))
    return Latencies(round(p50, 2), round(p95, 2), round(p99, 2), round(len(milliseconds) / elapsed, 1))
