"""How a space keeps its vectors: precision, the index that answers, and how near it comes to exact search."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pgvector import HalfVector, Vector

from catalog.models import Collection
from search.duplicates.candidates import lookup
from search.duplicates.rules import rules_of
from search.embedding.encoders import registry
from search.embedding.encoders.port import Vectors
from search.embedding.queue import pipeline
from search.embedding.spaces import lifecycle
from search.embedding.spaces.lifecycle import active_space
from search.errors import SpaceConflict
from search.models import EmbeddingSpace, Passage
from search.models.embedding import EncoderKind, SpaceState, Storage
from search.related.neighbours import item_vectors, nearest_items
from search.retrieval.passages import find_passages
from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import Conditions
from search.retrieval.upkeep import indexes
from tests.factories import add_items, find, ids, make_collection, shop_of
from tests.search.retrieval.plans import plans, plans_of

pytestmark = pytest.mark.django_db
OPERATORS = {Storage.FLOAT: "vector(", Storage.HALF: "halfvec(", Storage.BINARY: "<~>"}


@pytest.fixture(autouse=True)
def _no_encoder_stays() -> Iterator[None]:
    registry._loaded.clear()
    yield
    registry._loaded.clear()


def space_of(storage: Storage, dimensions: int = 384) -> EmbeddingSpace:
    """The active space, as if it had been that of this storage from the beginning."""
    space = active_space()
    space.storage, space.dimensions = storage, dimensions
    space.save()
    return space


def clustered(count: int, dimensions: int = 256, clusters: int = 60) -> Vectors:
    """Unit vectors around random centres, which is how those of texts lie."""
    dice = np.random.default_rng(5)
    centres = dice.normal(size=(clusters, dimensions))
    vectors = centres[dice.integers(clusters, size=count)] + dice.normal(size=(count, dimensions)) * 0.8
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def stored(collection: Collection, space: EmbeddingSpace, vectors: Vectors) -> list[int]:
    """Items with these vectors; their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_item (collection_id, external_id, title, body, url, image, attributes, status,"
            " created_at, updated_at) SELECT %s, 'i' || n, 'item ' || n, '', '', '', '{}', 'published', now(), now()"
            " FROM generate_series(1, %s) AS n RETURNING id",
            [collection.pk, len(vectors)],
        )
        keys = sorted(row[0] for row in cursor.fetchall())
        sql = 'COPY search_passage (item_id, space_id, collection_id, ordinal, start, "end", embedding, full_embedding)'
        with cursor.copy(f"{sql} FROM STDIN") as copy:
            for key, vector in zip(keys, vectors, strict=True):
                half = HalfVector(vector.astype(np.float16)).to_text()
                full = Vector(vector).to_text() if space.storage == Storage.FLOAT else None
                copy.write_row((key, space.pk, collection.pk, 0, 0, 0, half, full))
        cursor.execute("ANALYZE search_passage, catalog_item")
    return keys


def candidates(collection: Collection, space: EmbeddingSpace, vector: Any) -> legs.Candidates:
    return legs.retrieve(
        collection=collection,
        conditions=Conditions(),
        words=QueryWords((), 0, 1.0),
        space=space,
        query_vector=vector,
        is_lexical=False,
        is_exact=False,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("storage", list(Storage))
def test_the_index_answers_and_comes_near_to_exact_search(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MIN_PASSAGES", 1_000)
    collection, space = make_collection(), space_of(storage, 256)
    vectors = clustered(3_000)
    keys = stored(collection, space, vectors)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_itemembedding")
    try:
        (name,) = [one for one in indexes.build_missing() if "hnsw" in one]
        recall = []
        queries = clustered(3_040)[3_000:]
        for query in queries:
            near = nearest_items(collection, space, query, limit=10)
            exact = nearest_items(collection, space, query, limit=10, is_exact=True)
            recall.append(len({row[0] for row in near} & {row[0] for row in exact}) / 10)
            assert [row[1] for row in near] == sorted((row[1] for row in near), reverse=True)
        (plan,) = plans_of(lambda: nearest_items(collection, space, queries[0], limit=10), "search_passage p")
        assert name in plan and OPERATORS[storage] in plan
        assert float(np.mean(recall)) >= 0.95

        with plans("search_passage p") as made:
            found = candidates(collection, space, queries[0])
            lookup.neighbours(collection, space, keys[:2], rules_of(collection))
            assert lookup.nearest_to(collection, space, vectors[7], 3)[0] == keys[7]
        assert len(made) >= 3 and all(name in plan for plan in made)
        cosines = dict(zip(keys, (vectors @ queries[0]).tolist(), strict=True))
        expected = [cosines[key] for key in found.ids.tolist()]
        assert np.allclose(found.item_similarity, expected, atol=1e-3)
        nearest = sorted(cosines.values(), reverse=True)[: legs.LEG_CANDIDATES]
        assert sum(value >= nearest[-1] for value in expected) / len(nearest) >= 0.85
    finally:
        with connection.cursor() as cursor:
            for index in indexes._existing():
                cursor.execute(f'DROP INDEX IF EXISTS "{index}"')


@pytest.mark.parametrize("storage", list(Storage))
def test_what_is_kept_of_a_vector(storage: Storage) -> None:
    space = space_of(storage)
    collection = make_collection()
    add_items(collection, {"title": "red lamp"}, {"title": "blue lamp"})
    pipeline.drain()
    passage = Passage.objects.get(item__title="red lamp")
    exact = registry.encoder_of(space).encode_documents(["red lamp\n"])[0]
    assert np.array_equal(np.asarray(passage.embedding, dtype=np.float16), exact.astype(np.float16))
    if storage == Storage.FLOAT:
        assert np.array_equal(np.asarray(passage.full_embedding, dtype=np.float32), exact)
    else:
        assert passage.full_embedding is None
    assert ids(find(collection, "red lamp", mode="semantic"))[0] == "i0"
    similarity = candidates(collection, space, exact).passage_similarity.max()
    assert similarity == pytest.approx(1.0, abs=1e-6 if storage == Storage.FLOAT else 1e-3)


LONG = "Plain words about nothing in particular, one after another. " * 30


def test_snippets_passages_feedback_and_related_items_read_full_precision_where_it_is_kept() -> None:
    space = space_of(Storage.FLOAT)
    shop = shop_of({"title": "Story", "body": f"{LONG}The keeper drinks tea. {LONG}"}, {"title": "keeper tea"})
    (story, note) = shop.items.order_by("id")
    encoder = registry.encoder_of(space)
    query = "the keeper drinks tea"
    best = max(
        Passage.objects.filter(item=story, ordinal__gt=0),
        key=lambda one: float(np.asarray(one.full_embedding) @ encoder.encode_query(query)),
    )
    Passage.objects.update(embedding=HalfVector(clustered(1, 384)[0]))
    (hit,) = (one for one in find(shop, query, mode="semantic", explain=True).hits if one.title == "Story")
    assert hit.explanation is not None and hit.explanation.best_passage == (best.start, best.end)
    found = find_passages(collection=shop, query_text=query, limit=10)
    assert best.start in {one.start for one in found if one.title == "Story"}
    assert len({one.score for one in found}) > 2
    found_now = candidates(shop, space, encoder.encode_query(query))
    note_now = found_now.vectors[found_now.ids == note.pk][0]
    assert np.allclose(note_now, encoder.encode_documents(["keeper tea\n"])[0], atol=1e-6)
    vector = item_vectors(space, [note.pk])[note.pk]
    assert np.allclose(vector, encoder.encode_documents(["keeper tea\n"])[0], atol=1e-6)
    ((_, cosine, read),) = nearest_items(shop, space, vector, limit=1)
    assert cosine == pytest.approx(1.0, abs=1e-6) and np.array_equal(read, vector)


@pytest.mark.parametrize(("storage", "most"), [("float", 2_000), ("half", 4_000), ("binary", 16_000)])
def test_a_space_has_no_more_dimensions_than_its_index_can_have(storage: str, most: int) -> None:
    def add(name: str, dimensions: int) -> EmbeddingSpace:
        return lifecycle.add_space(
            name=name, model="fake", kind=EncoderKind.FAKE, dimensions=dimensions, storage=Storage(storage)
        )

    assert add("fits", most).storage == storage
    with pytest.raises(SpaceConflict, match=f"between 1 and {most:,} where vectors are kept as '{storage}'"):
        add("long", most + 1)
    assert not EmbeddingSpace.objects.filter(name="long").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("storage", "most"), [("float", 2_000), ("half", 4_000), ("binary", 16_000)])
def test_an_index_of_the_most_dimensions_can_be_built(storage: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MIN_PASSAGES", 2)
    space = space_of(Storage(storage), most)
    collection = make_collection()
    keys = stored(collection, space, clustered(3, most))
    built = indexes.build_missing()
    try:
        assert len([name for name in built if "hnsw" in name]) == 1
        assert {row[0] for row in nearest_items(collection, space, clustered(3, most)[0], limit=3)} == set(keys)
    finally:
        with connection.cursor() as cursor:
            for index in indexes._existing():
                cursor.execute(f'DROP INDEX IF EXISTS "{index}"')


def test_the_command_takes_the_storage_and_refuses_what_does_not_fit() -> None:
    def add(name: str, storage: str, dimensions: int) -> None:
        call_command(
            "spaces", "add", name, "text-embedding", "--kind", "http", "--dimensions", str(dimensions),
            "--storage", storage, "--option", "url=http://127.0.0.1:9", stdout=StringIO(),
        )  # fmt: skip

    with pytest.raises(CommandError, match=r"between 1 and 2,000 where vectors are kept as 'float'; these are 3,072"):
        add("large", "float", 3_072)
    with pytest.raises(CommandError, match="invalid choice: 'int8'"):
        add("small", "int8", 10)
    assert list(EmbeddingSpace.objects.values_list("state", "storage")) == [(SpaceState.ACTIVE, "half")]
