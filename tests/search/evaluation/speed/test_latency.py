"""Requests are timed: one after another, several at a time, or at a given rate."""

from __future__ import annotations

import json
import random
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django.live_server_helper import LiveServer

from search.evaluation.speed import latency
from tests.factories import shop_of


def test_each_query_is_asked_once_at_its_time_although_those_before_are_not_answered() -> None:
    asked: list[tuple[str, float]] = []
    started = time.perf_counter()

    def ask(query: str) -> None:
        asked.append((query, time.perf_counter() - started))
        time.sleep(0.1)

    queries = [str(n) for n in range(10)]
    found = latency.measure_paced(queries, ask, per_second=100)
    assert sorted(query for query, _ in asked) == queries
    assert all(at >= int(query) / 100 for query, at in asked)
    assert max(at for _, at in asked) < 0.5  # one after another they would take a second
    assert found.p50_ms >= 100


def test_a_request_that_waits_for_a_free_client_counts_its_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "PACED_CLIENTS", 1)
    found = latency.measure_paced(["a", "b", "c"], lambda _: time.sleep(0.05), per_second=1_000)
    assert found.p99_ms > 120


def test_a_failed_request_fails_the_measurement() -> None:
    def ask(query: str) -> None:
        raise RuntimeError(f"no answer to {query}")

    with pytest.raises(RuntimeError, match="no answer to a"):
        latency.measure_paced(["a"], ask, per_second=10)
    with pytest.raises(RuntimeError, match="no answer to a"):
        latency.measure(["a"], ask, clients=2)


def test_queries_are_distinct_and_the_same_for_the_same_seed() -> None:
    texts = [f"tent number {n} of many" for n in range(20)]
    queries = latency.queries_from(texts, random.Random(1))
    assert queries == latency.queries_from(texts, random.Random(1))
    assert len(set(queries)) == len(queries) > 5


@pytest.mark.django_db(transaction=True)
def test_the_command_searches_a_running_server_at_a_rate(live_server: LiveServer) -> None:
    shop_of(*({"title": f"tent number {n} of many"} for n in range(30)))
    out = StringIO()
    words = ("--collection", "shop", "--without-search", "--json", "--rate", "20", "--seconds", "1")
    call_command("benchmark", *words, "--url", live_server.url, stdout=out)
    figures = json.loads(out.getvalue())["http_hybrid_20_a_second"]
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]
    with pytest.raises(CommandError, match="--url"):
        call_command("benchmark", *words)
