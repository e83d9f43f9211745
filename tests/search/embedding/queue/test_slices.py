"""How much is claimed at a time: small slices, each within the time of a task, given back when a worker ends."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from catalog.models import Collection
from search.embedding.encoders.port import Vectors
from search.embedding.queue import claims, pace, pipeline
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.factories import add_items, make_collection
from tests.search.embedding.encoders.encoders_for_tests import use
from tests.search.embedding.queue.test_pipeline import _forget, states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder_of_its_own() -> Iterator[None]:
    _forget()
    yield
    _forget()


@pytest.fixture
def collection() -> Collection:
    """Twenty items, the thirteenth of them poisonous to whoever minds."""
    collection = make_collection()
    add_items(collection, *({"title": "poison" if n == 13 else f"item {n}"} for n in range(20)))
    return collection


@pytest.mark.usefixtures("collection")
def test_a_worker_that_is_to_end_gives_the_rest_back_within_a_chunk() -> None:
    encoder = use()

    def should_stop() -> bool:
        return len(encoder.texts) > 0

    add_items(make_collection("long"), {"body": "word " * 128 * 200})
    embedded = pipeline.drain(should_stop=should_stop)
    assert embedded < 21
    assert states() == {"embedded": embedded, "pending": 21 - embedded} or states() == {"pending": 21}
    assert not ItemEmbedding.objects.filter(state="pending", attempts__gt=0).exists()


def test_what_a_person_saves_during_an_import_goes_between_two_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "SLICE_SIZE", 20)
    collection = make_collection()
    add_items(collection, *({"title": f"bulk {n:03}"} for n in range(100)))
    calls: list[int] = []

    def save_one(texts: Sequence[str], vectors: Vectors) -> Vectors:
        if not calls:
            add_items(collection, {"title": "live"})
        calls.append(len(texts))
        return vectors

    encoder = use(save_one)
    assert pipeline.drain() == 101
    assert encoder.texts.index("live\n") <= 20


def test_a_slow_model_gets_few_texts_at_a_time_and_what_a_person_saves_comes_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "AIM_SECONDS", 0.0)
    collection = make_collection()
    add_items(collection, *({"title": f"bulk {n:03}"} for n in range(60)))

    def save_one(texts: Sequence[str], vectors: Vectors) -> Vectors:
        if encoder.calls == 5:
            add_items(collection, {"title": "live"})
        return vectors

    encoder = use(save_one)
    assert pipeline.drain() == 61
    assert encoder.texts.index("live\n") <= 12
    assert encoder.calls > 50


def test_no_slice_begins_after_the_time_of_a_task() -> None:
    add_items(make_collection(), *({"title": f"item {n:03}"} for n in range(60)))
    ended: list[int] = []

    def end(texts: Sequence[str], vectors: Vectors) -> Vectors:
        ended.append(len(texts))
        time.sleep(0.3)
        return vectors

    use(end)
    embedded = pipeline.drain(seconds=0.2)
    assert embedded == sum(ended) < 60
    assert states() == {"embedded": embedded, "pending": 60 - embedded}
    assert not ItemEmbedding.objects.filter(state="pending", attempts__gt=0).exists()


@pytest.mark.usefixtures("collection")
def test_a_task_that_takes_too_long_blames_no_item() -> None:
    def too_long(texts: Sequence[str], vectors: Vectors) -> Vectors:
        raise SoftTimeLimitExceeded

    use(too_long)
    with pytest.raises(SoftTimeLimitExceeded):
        pipeline.drain()
    assert states() == {"pending": 20}
    assert not ItemEmbedding.objects.filter(attempts__gt=0).exists()


def test_a_process_gives_back_all_that_it_holds_from_another_thread() -> None:
    add_items(make_collection(), *({"title": f"item {n}"} for n in range(5)))

    def hand_back(texts: Sequence[str], vectors: Vectors) -> Vectors:
        pipeline.hand_back()
        assert not ItemEmbedding.objects.filter(state=EmbeddingState.CLAIMED).exists()
        return vectors

    use(hand_back)
    assert pipeline.embed(claims.claim(10)) == 0, "whoever lost the lease stores nothing"
    assert not ItemEmbedding.objects.filter(attempts__gt=0).exists()
    assert not pipeline._held
    use()
    assert pipeline.drain() == 5
