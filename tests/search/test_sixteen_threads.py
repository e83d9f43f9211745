"""Sixteen clients at once, through a real server with the real model: nobody gets an error, and all get the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from search.embedding.encoders import registry
from search.embedding.query_vectors import forget_queries
from search.retrieval.query.stemming import stem
from tests.api_caller import make_shop
from tests.factories import make_searchable, use_real_model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.model, pytest.mark.slow]

THREADS, CALLS = 16, 64
API = "/api/v1/collections/shop"
WELL_SPELT = ["dome tent for two", "gas stove", "boil water in wind", "family bedrooms", "light porch"]
MISSPELT = ["dmoe tetn", "camping stoev", "boilss watter", "familly bedrom", "qzxv brmft"]


@pytest.fixture
def ask(live_server: LiveServer) -> Iterator[Callable[..., httpx.Response]]:
    """Asks the server, which answers each connection in a thread of its own."""
    registry.forget(use_real_model())
    make_searchable(make_shop())
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with httpx.Client(base_url=live_server.url, timeout=60, limits=httpx.Limits(max_connections=THREADS)) as client:
        yield client.request
    sys.setswitchinterval(interval)


def texts(spellings: Sequence[str]) -> list[str]:
    """Every call its own text, because vectors of equal ones are remembered."""
    return [f"{spellings[n % len(spellings)]} {'abcdefgh'[n % 8]}{n}" for n in range(CALLS)]


def all_at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[int]:
    forget_queries()
    with ThreadPoolExecutor(THREADS) as threads:
        return [answer.status_code for answer in threads.map(lambda call: call(), calls)]


@pytest.mark.parametrize("spelling", ["well spelt", "misspelt", "both"])
def test_searches_and_suggestions(ask: Callable[..., httpx.Response], spelling: str) -> None:
    words = {"well spelt": WELL_SPELT, "misspelt": MISSPELT, "both": [*WELL_SPELT, *MISSPELT]}[spelling]
    calls = [partial(ask, "GET", f"{API}/search", params={"q": text, "explain": "1"}) for text in texts(words)]
    assert all_at_once(calls) == [200] * CALLS


def test_checks_beside_searches(ask: Callable[..., httpx.Response]) -> None:
    item = {"body": "A tent of two walls that keeps the rain off. " * 40}
    checks = [partial(ask, "POST", f"{API}/duplicates/check", json={**item, "title": t}) for t in texts(WELL_SPELT)]
    searches = [partial(ask, "GET", f"{API}/search", params={"q": text}) for text in texts(MISSPELT)]
    calls = [call for pair in zip(checks, searches, strict=True) for call in pair]
    assert all_at_once(calls) == [200] * (2 * CALLS)


def test_passages_related_items_recommendations_and_pages(ask: Callable[..., httpx.Response]) -> None:
    calls: list[Callable[[], httpx.Response]] = []
    for text in texts([*WELL_SPELT, *MISSPELT])[: CALLS // 2]:
        calls.append(partial(ask, "POST", f"{API}/passages", json={"q": text}))
        calls.append(partial(ask, "GET", f"{API}/items/tent-1/related"))
        calls.append(partial(ask, "POST", f"{API}/recommend", json={"positive": ["tent-1"]}))
        calls.append(partial(ask, "GET", "/c/shop/", params={"q": text}))
    assert all_at_once(calls) == [200] * len(calls)


def test_each_thread_gets_the_stem_of_its_own_word() -> None:
    words = [
        f"{begin}{end}" for begin in ("camp", "tent", "trekk", "nation") for end in ("ing", "s", "er", "ality", "ed")
    ]
    stem.cache_clear()
    alone = [stem(word, "english") for word in words]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in range(40):
                stem.cache_clear()
                assert list(threads.map(lambda word: stem(word, "english"), words)) == alone
    finally:
        sys.setswitchinterval(interval)
        stem.cache_clear()
