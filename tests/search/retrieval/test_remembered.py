"""Answers that were given: the same as new ones, whatever anybody commits meanwhile."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from catalog.errors import CatalogError
from catalog.models import Collection, Item
from catalog.services.collections import update_collection
from catalog.services.items import delete_item
from catalog.services.merge import merge_items, unmerge_items
from search.embedding.queue import pipeline
from search.errors import EncoderUnavailable
from search.models import CollectionChange, CollectionStatistic, DuplicatePair, EmbeddingSpace
from search.retrieval import remembered
from search.retrieval.search import search
from search.retrieval.types import Filter, SearchRequest, SearchResult
from search.retrieval.upkeep import statistics
from tests.factories import add_items, make_collection, make_searchable, shop_of

QUERIES = ("tent", "green tent for two", "stove", "kayak paddle", "")


def asked(collection: Collection, query_text: str = "tent", **options: Any) -> SearchRequest:
    return SearchRequest(Collection.objects.get(pk=collection.pk), query_text, facets=("brand",), **options)


def timeless(result: SearchResult) -> SearchResult:
    return replace(result, took_ms=0)


@pytest.fixture
def shop(db: None) -> Collection:
    items = [{"title": title, "attributes": {"brand": "Norrdal"}} for title in ("Green tent", "Red tent", "Stove")]
    return shop_of(*items)


def test_a_repeated_question_costs_one_statement(
    shop: Collection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = asked(shop)
    first = remembered.answer(request)
    with django_assert_num_queries(1):
        again = remembered.answer(request)
    assert timeless(again) == timeless(first) and first.total


def test_another_question_is_not_answered_from_memory(shop: Collection) -> None:
    remembered.answer(asked(shop))
    others = [
        asked(shop, "stove"),
        asked(shop, limit=1),
        asked(shop, offset=1),
        asked(shop, mode="lexical"),
        asked(shop, filters=(Filter("brand", terms=("Norrdal",)),)),
        asked(shop, explain=True),
    ]
    for request in others:
        assert timeless(remembered.answer(request)) == timeless(search(request))


def add_and_embed(collection: Collection) -> None:
    add_items(collection, {"title": "Blue tent"})
    make_searchable(collection)


CHANGES: dict[str, Callable[[Collection], Any]] = {
    "an item is added and embedded": add_and_embed,
    "an item is changed": lambda c: add_items(c, {"external_id": "i0", "title": "Gas lamp"}),
    "its attribute is changed": lambda c: Item.objects.filter(external_id="i0").update(attributes={"brand": "Other"}),
    "an item is archived": lambda c: Item.objects.filter(external_id="i0").update(status="archived"),
    "an item is deleted": lambda c: delete_item(item=c.items.get(external_id="i0")),
    "items are merged": lambda c: merge_items(
        keeper=c.items.get(external_id="i0"), other=c.items.get(external_id="i1")
    ),
    "a raw statement": lambda c: connection.cursor().execute("UPDATE catalog_item SET title = 'Tarp' WHERE id > 0"),
    "settings": lambda c: update_collection(collection=c, search_settings={"lexical_weight": 0.1}),
    "the schema": lambda c: update_collection(collection=c, attribute_schema={"brand": {"type": "term"}}),
    "statistics": lambda c: statistics.refresh(c.pk),
    "bands": lambda c: CollectionStatistic.objects.update(null_similarities=[0.1, 0.2, 0.3]),
    "a space": lambda c: EmbeddingSpace.objects.update(query_prefix="query: "),
    "a pair": lambda c: DuplicatePair.objects.create(
        collection=c,
        first=c.items.get(external_id="i0"),
        second=c.items.get(external_id="i1"),
        score=0.9,
        is_flagged=True,
        first_digest=b"",
        second_digest=b"",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_question_is_asked_anew(shop: Collection, change: str) -> None:
    before = remembered.answer(asked(shop))
    with remembered_count() as count:
        CHANGES[change](shop)
        after = remembered.answer(asked(shop))
    assert count == [False], before
    assert timeless(after) == timeless(search(asked(shop)))


class remembered_count:  # noqa: N801 - a context manager
    """Whether each answer within was remembered."""

    def __enter__(self) -> list[bool]:
        self._seen: list[bool] = []
        remembered.answered.connect(self._note, weak=False, dispatch_uid="test")
        return self._seen

    def _note(self, is_remembered: bool, **kwargs: Any) -> None:
        self._seen.append(is_remembered)

    def __exit__(self, *problem: object) -> None:
        remembered.answered.disconnect(dispatch_uid="test")


def test_a_change_elsewhere_leaves_the_answers(shop: Collection) -> None:
    remembered.answer(asked(shop))
    shop_of({"title": "Tent"}, slug="other")
    with remembered_count() as count:
        remembered.answer(asked(shop))
    assert count == [True]


def test_an_answer_without_the_encoder_is_not_kept(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise EncoderUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr("search.retrieval.search.vector_of", fail)
        assert remembered.answer(asked(shop)).is_degraded
    assert not remembered.answer(asked(shop)).is_degraded


def test_the_memory_is_bounded(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "REMEMBERED", 3)
    for limit in range(1, 9):
        remembered.answer(asked(shop, limit=limit))
    assert len(remembered._answers) == 3


def test_changes_of_connections_that_are_gone_are_added_up(shop: Collection) -> None:
    CollectionChange.objects.bulk_create(
        CollectionChange(collection_id=shop.pk, backend=-n, changes=n) for n in range(1, 5)
    )
    before = sum(CollectionChange.objects.filter(collection_id=shop.pk).values_list("changes", flat=True))
    remembered.answer(asked(shop))
    remembered.fold_changes()
    rows = CollectionChange.objects.filter(collection_id=shop.pk)
    assert rows.count() == 1 and rows.get().changes == before
    with remembered_count() as count:
        remembered.answer(asked(shop))
    assert count == [True]


def _write(collection_id: int, seed: int) -> None:
    """Ten random changes by one connection."""
    chance = random.Random(seed)
    collection = Collection.objects.get(pk=collection_id)
    try:
        for n in range(10):
            _change(collection, chance, f"{seed}-{n}")
    finally:
        connection.close()


def _change(collection: Collection, chance: random.Random, name: str) -> None:
    items = list(collection.items.filter(merged_into__isnull=True).order_by("pk"))
    match chance.choice(["add", "title", "status", "merge", "embed", "statistics", "settings"]):
        case "add":
            add_items(collection, {"external_id": name, "title": chance.choice(["Tent", "Green tent", "Kayak"])})
        case "title" if items:
            Item.objects.filter(pk=chance.choice(items).pk).update(title=chance.choice(["Stove", "Paddle", "Tent"]))
        case "status" if items:
            Item.objects.filter(pk=chance.choice(items).pk).update(status=chance.choice(["published", "archived"]))
        case "merge" if len(items) > 4:
            keeper, other = chance.sample(items[:4], 2)
            with suppress(CatalogError):  # another writer was there before
                unmerge_items(record=merge_items(keeper=keeper, other=other))
        case "embed":
            pipeline.drain()
        case "statistics":
            statistics.refresh(collection.pk)
        case "settings":
            update_collection(collection=collection, search_settings={"lexical_weight": chance.choice([0.5, 1.0])})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_no_answer_is_older_than_the_last_commit(seed: int) -> None:
    collection = make_collection()
    add_items(collection, *({"title": title} for title in ["Tent", "Green tent", "Stove", "Kayak", "Paddle"] * 3))
    make_searchable(collection)
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                for text in QUERIES:
                    remembered.answer(asked(collection, text))
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for round_ in range(3):
                _change_at_once(pool, collection, seed * 100 + round_ * 10)
                for text in QUERIES:  # the writers are done: every answer is that of now
                    answer = timeless(remembered.answer(asked(collection, text)))
                    assert answer == timeless(search(asked(collection, text)))
        finally:
            done.set()
        for reader in readers:
            reader.result()


def _change_at_once(pool: ThreadPoolExecutor, collection: Collection, seed: int) -> None:
    writers = [pool.submit(_write, collection.pk, seed + n) for n in range(3)]
    for writer in writers:
        writer.result()
