"""The partial indexes of large collections: built when due, used by the planner, as good as exact search."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from catalog import locks
from catalog.models import Collection
from catalog.services.collections import delete_collection
from search.embedding.spaces.lifecycle import active_space
from search.evaluation.speed.benchmark import measure_recall, sample_queries
from search.models import EmbeddingSpace
from search.models.embedding import SpaceState
from search.related.related import related_items
from search.retrieval.ranking import legs
from search.retrieval.types import Filter
from search.retrieval.upkeep import index_kinds, indexes
from tests.factories import add_items, find, make_collection, make_searchable
from tests.search.retrieval.plans import plans_of

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("tent", "stove", "lamp", "rope", "boots", "pan", "sofa", "drill", "hose", "scarf")


@pytest.fixture(autouse=True)
def _small_thresholds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A few items already deserve an index; those built are dropped at the end."""
    monkeypatch.setattr(indexes, "MIN_PASSAGES", 100)
    monkeypatch.setattr(indexes, "MIN_ITEMS", 100)
    yield
    with connection.cursor() as cursor:
        for name in existing():
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')


def existing() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'i' AND relname ~ '^(passage_hnsw_s|item_words_c)[0-9]'"
        )
        return {row[0] for row in cursor.fetchall()}


def warehouse(count: int, slug: str = "warehouse") -> Collection:
    collection = make_collection(slug)
    for start in range(0, count, 500):
        add_items(
            collection,
            *(
                {
                    "title": f"{KINDS[n % 10]} type{n % 97}",
                    "body": f"word{n % 13} word{n % 31} only{n} {'steel' if n % 3 else 'wool'}",
                    "attributes": {"brand": f"b{n % 4}"},
                }
                for n in range(start, min(start + 500, count))
            ),
        )
    make_searchable(collection)
    with connection.cursor() as cursor:  # what builds an index skips this while autovacuum is at it
        cursor.execute("ANALYZE catalog_item, search_passage")
    return collection


def test_a_search_uses_the_partial_indexes_of_its_collection_and_finds_what_exact_search_finds() -> None:
    collection = warehouse(2_500)
    space = active_space()
    words, vectors = f"item_words_c{collection.pk}", f"passage_hnsw_s{space.pk}_c{collection.pk}"
    assert set(indexes.build_missing()) == {words, vectors} == existing()

    assert any(words in plan for plan in plans_of(lambda: find(collection, "only7", mode="lexical"), "search_vector"))
    (named,) = plans_of(lambda: find(collection, "only7 tent", mode="lexical"), "identifiers && typed.")
    assert "item_identifiers_gin" in named
    (begun,) = plans_of(lambda: find(collection, "xq77"), "identifier_parts @@")
    assert "item_identifier_parts_gin" in begun
    hybrid = plans_of(lambda: find(collection, "only7 only8"), "search_passage")  # rare, so that no plan is as cheap
    assert any(words in plan and vectors in plan for plan in hybrid), hybrid
    assert any(
        vectors in plan for plan in plans_of(lambda: find(collection, "tent", mode="semantic"), "search_passage")
    )
    item = collection.items.all()[0]
    assert any(vectors in plan for plan in plans_of(lambda: related_items(item=item), "search_passage"))

    rare = (Filter("brand", terms=("b1",)),)
    filtered = plans_of(lambda: find(collection, "tent", mode="semantic", filters=rare), "search_passage")
    within = [plan for plan in filtered if "ANY" in plan]
    assert within and not any(vectors in plan for plan in within)
    assert len(find(collection, "tent", mode="semantic", filters=rare).hits) == 10

    assert measure_recall(collection, sample_queries(collection, 40)) >= 0.98


def test_a_filter_on_the_vector_index_still_returns_a_full_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "EXACT_BELOW", 0)
    collection = warehouse(600)
    indexes.build_missing()
    for terms in (("b1",), ("b1", "b2")):
        result = find(collection, "tent type4", mode="semantic", filters=(Filter("brand", terms=terms),), limit=50)
        assert len(result.hits) == 50
        assert {hit.attributes["brand"] for hit in result.hits} <= set(terms)


def test_attribute_filters_and_identifiers_have_an_index() -> None:
    warehouse(300)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        for condition, name in (
            ('attributes @> \'{"brand": "b1"}\'', "item_attributes_gin"),
            ("identifiers && '{i7}'::text[]", "item_identifiers_gin"),
        ):
            cursor.execute(f"EXPLAIN SELECT id FROM catalog_item WHERE {condition}")
            assert name in "\n".join(row[0] for row in cursor.fetchall())


def test_a_range_finds_its_items_by_an_index_of_the_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "MIN_RANGED_ITEMS", 1_000)
    collection = warehouse(3_000)
    Collection.objects.filter(pk=collection.pk).update(attribute_schema={"depth": {"type": "number"}})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_item SET attributes = attributes || jsonb_build_object('depth', id - %s)"
            " WHERE collection_id = %s",
            [collection.items.order_by("id")[0].pk, collection.pk],
        )
    (name,) = (one for one in indexes.build_missing() if "range" in one)
    collection.refresh_from_db()
    deep = (Filter("depth", minimum=2_990),)
    plans = plans_of(lambda: find(collection, "tent", filters=deep), "akin_number_span")
    assert plans and all(name in plan for plan in plans)
    assert {hit.attributes["depth"] for hit in find(collection, "tent", filters=deep, limit=20).hits} == set(
        range(2_990, 3_000)
    )

    Collection.objects.filter(pk=collection.pk).update(attribute_schema={})
    indexes.build_missing()
    assert name not in existing()


def test_small_collections_have_no_index_and_an_index_is_built_once() -> None:
    small, large = warehouse(40, "small"), warehouse(120, "large")
    built = indexes.build_missing()
    assert built and all(name.endswith(f"_c{large.pk}") for name in built)
    assert indexes.build_missing() == []
    assert small.pk != large.pk


def test_the_index_of_what_is_gone_is_dropped() -> None:
    collection = warehouse(120)
    indexes.build_missing()
    EmbeddingSpace.objects.update(state=SpaceState.RETIRED)
    indexes.build_missing()
    assert existing() == {f"item_words_c{collection.pk}"}
    delete_collection(collection=collection)
    indexes.build_missing()
    assert existing() == set()


def test_an_index_whose_building_broke_off_is_built_again() -> None:
    collection = warehouse(120)
    indexes.build_missing()
    name = f"item_words_c{collection.pk}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {name}")
        with pytest.raises(IntegrityError):
            cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON catalog_item (collection_id)")
    assert name in existing()
    assert indexes.build_missing() == [name]
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = %s::regclass", [name])
        assert cursor.fetchone() == (True, False)


def test_a_vector_index_waits_while_many_items_do(monkeypatch: pytest.MonkeyPatch) -> None:
    collection = warehouse(120)
    monkeypatch.setattr(index_kinds, "MAX_BACKLOG", 10)
    add_items(collection, *({"title": f"new {n}"} for n in range(20)))
    assert indexes.build_missing() == [f"item_words_c{collection.pk}"]
    make_searchable(collection)
    assert indexes.build_missing() == [f"passage_hnsw_s{active_space().pk}_c{collection.pk}"]


@pytest.mark.parametrize(("told", "used"), [("64MB", "512MB"), ("3GB", "3GB")])
def test_an_index_is_built_in_what_the_server_gives_and_512_megabytes_at_least(told: str, used: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET maintenance_work_mem = '{told}'")
        try:
            cursor.execute(indexes.MORE_MEMORY)
            cursor.execute("SHOW maintenance_work_mem")
            assert cursor.fetchone()[0] == used
        finally:
            cursor.execute("RESET maintenance_work_mem")


def test_only_one_process_builds_at_a_time() -> None:
    warehouse(120)
    lock = locks.tried(locks.Lock.INDEXES)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lock.__enter__).result()
        assert indexes.build_missing() == []
        other.submit(lock.__exit__, None, None, None).result()
        other.submit(lambda: connection.close()).result()  # noqa: PLW0108 - that of its thread
    assert indexes.build_missing()
