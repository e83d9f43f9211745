"""The counts that a process remembers, asked for by many threads at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from catalog.models import Collection
from search.duplicates.comparing import word_counts
from search.duplicates.reading.words import WordStatistics
from tests.factories import make_collection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def collections() -> Iterator[list[Collection]]:
    """More than are remembered, so that some are always on their way out."""
    made = [make_collection(f"shop-{n}") for n in range(word_counts.MAX_REMEMBERED + 4)]
    for n, collection in enumerate(made):
        word_counts.keep(collection, WordStatistics(n + 2, {"tent": n + 2}), {})
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield made
    sys.setswitchinterval(interval)


def test_each_thread_gets_the_counts_of_the_collection_that_it_asked_for(collections: list[Collection]) -> None:
    def ask(start: int) -> list[int]:
        try:
            asked = [(start + step) % len(collections) for step in range(60)]
            return [word_counts.statistics_of(collections[n]).documents - n for n in asked]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert {found for answer in pool.map(ask, range(8)) for found in answer} == {2}
