"""Searches go on while one space follows another: none fails, none mixes the two."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from catalog.models import Collection
from search.embedding.encoders import registry
from search.embedding.queue import pipeline
from search.embedding.spaces import lifecycle
from search.models import EmbeddingSpace
from search.retrieval.ranking import legs
from search.retrieval.search import search
from search.retrieval.types import SearchRequest
from search.retrieval.upkeep import indexes
from search.retrieval.upkeep.readiness import promote_built_spaces
from tests.factories import shop_of
from tests.search.embedding.spaces.test_spaces import added

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_encoder_stays() -> Iterator[None]:
    registry._loaded.clear()
    yield
    registry._loaded.clear()


@pytest.fixture
def collection() -> Collection:
    return shop_of(*({"title": f"lamp number {n}"} for n in range(30)))


@pytest.mark.django_db(transaction=True)
def test_searches_during_activation_and_rollback_all_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MIN_PASSAGES", 20)
    collection = shop_of(*({"title": f"lamp number {n}"} for n in range(30)))
    lifecycle.build_space(added())
    pipeline.drain()
    indexes.build_missing()
    promote_built_spaces()
    mixed: list[str] = []
    monkeypatch.setattr(legs, "retrieve", _checking(legs.retrieve, mixed))
    ended = threading.Event()

    def hammer() -> list[int]:
        found = []
        while not ended.is_set():
            result = search(SearchRequest(collection, "lamp number 7", mode="semantic"))
            found.append(len(result.hits) if not result.is_degraded else -1)
        connection.close()
        return found

    with ThreadPoolExecutor(3) as pool:
        searches = [pool.submit(hammer) for _ in range(3)]
        try:
            for _ in range(6):
                lifecycle.activate_space(lifecycle.get_space("new"), is_forced=True)
                lifecycle.roll_back()
            lifecycle.activate_space(lifecycle.get_space("new"), is_forced=True)
            threading.Event().wait(0.2)
            lifecycle.retire_space(lifecycle.get_space("fake"), is_forced=True)
            indexes.build_missing()
            threading.Event().wait(0.2)
        finally:
            ended.set()
        found = [count for one in searches for count in one.result()]
    assert len(found) > 20
    assert len(set(found)) == 1
    assert found[0] > 0
    assert mixed == []
    assert [name for name in indexes._existing() if "hnsw" in name] == [
        f"passage_hnsw_s{lifecycle.active_space().pk}_c{collection.pk}"
    ]


def _checking(retrieve: Callable[..., legs.Candidates], mixed: list[str]) -> Callable[..., legs.Candidates]:
    """Notes every search whose query was not encoded by the space that it searches."""

    def checked(**options: object) -> legs.Candidates:
        space, vector = options["space"], options["query_vector"]
        assert isinstance(space, EmbeddingSpace)
        if len(vector) != space.dimensions:  # type: ignore[arg-type]
            mixed.append(space.name)
        return retrieve(**options)

    return checked
