"""Failures are rows: a poisonous item fails alone, an encoder that is down fails nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from catalog.models import Collection, Item
from search.embedding.encoders import registry
from search.embedding.encoders.port import Vectors
from search.embedding.queue import claims, pipeline
from search.embedding.spaces.lifecycle import active_space
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace, ItemEmbedding, Passage
from search.models.embedding import EmbeddingState, EncoderKind
from tests.factories import add_items, make_collection
from tests.search.embedding.encoders.encoders_for_tests import use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder_of_its_own() -> Iterator[None]:
    _forget()
    yield
    _forget()


def _forget() -> None:
    registry._loaded.clear()
    pipeline._paces.clear()


@pytest.fixture
def collection() -> Collection:
    """Twenty items, the thirteenth of them poisonous to whoever minds."""
    collection = make_collection()
    add_items(collection, *({"title": "poison" if n == 13 else f"item {n}"} for n in range(20)))
    return collection


def is_poisoned(texts: Sequence[str]) -> bool:
    return any("poison" in text for text in texts)


def raises(texts: Sequence[str], vectors: Vectors) -> Vectors:
    if is_poisoned(texts):
        raise RuntimeError("cannot be encoded")
    return vectors


def is_not_finite(texts: Sequence[str], vectors: Vectors) -> Vectors:
    vectors[["poison" in text for text in texts], 0] = np.nan
    return vectors


def has_another_shape(texts: Sequence[str], vectors: Vectors) -> Vectors:
    return vectors[:, :-1] if is_poisoned(texts) else vectors


def has_no_memory(texts: Sequence[str], vectors: Vectors) -> Vectors:
    if is_poisoned(texts):
        raise MemoryError
    return vectors


def states() -> dict[str, int]:
    rows = list(ItemEmbedding.objects.values_list("state", flat=True))
    return {state: rows.count(state) for state in set(rows)}


@pytest.mark.parametrize("behaviour", [raises, is_not_finite, has_another_shape])
@pytest.mark.usefixtures("collection")
def test_a_poisonous_item_fails_alone(behaviour: object, caplog: pytest.LogCaptureFixture) -> None:
    encoder = use(behaviour)  # type: ignore[arg-type]
    assert pipeline.drain() == 19
    failed = ItemEmbedding.objects.get(state=EmbeddingState.FAILED)
    assert (failed.item.title, failed.attempts) == ("poison", 1)
    assert failed.error_class in {"RuntimeError", "EncoderRefused"}
    assert failed.error_message
    assert encoder.texts.count("item 0\n") <= 6, "halves are tried, not every item alone"
    Item.objects.filter(pk=failed.item_id).update(title="cured")
    assert pipeline.drain() == 1


@pytest.mark.usefixtures("collection")
def test_an_item_too_large_for_memory_is_tried_again_and_fails_in_the_end() -> None:
    use(has_no_memory)
    assert pipeline.drain() == 19
    row = ItemEmbedding.objects.get(item__title="poison")
    assert (row.state, row.attempts, row.error_class) == (EmbeddingState.PENDING, 1, "MemoryError")
    assert row.next_attempt_at > row.marked_at
    for _ in range(claims.MAX_ATTEMPTS):
        ItemEmbedding.objects.update(next_attempt_at=row.marked_at)
        pipeline.drain()
    assert ItemEmbedding.objects.get(item__title="poison").state == EmbeddingState.FAILED


@pytest.mark.usefixtures("collection")
def test_while_the_encoder_is_down_items_wait_however_long() -> None:
    encoder = use(down)
    for _ in range(claims.MAX_ATTEMPTS + 3):
        ItemEmbedding.objects.update(next_attempt_at="2026-01-01T00:00Z")
        assert pipeline.drain() == 0
    assert states() == {"pending": 20}
    row = ItemEmbedding.objects.all()[0]
    assert (row.error_class, row.attempts) == ("EncoderUnavailable", claims.MAX_ATTEMPTS + 3)
    assert encoder.calls == claims.MAX_ATTEMPTS + 3, "one call for each try, not one for each item"
    use()
    ItemEmbedding.objects.update(next_attempt_at="2026-01-01T00:00Z")
    assert pipeline.drain() == 20


@pytest.mark.usefixtures("collection")
def test_the_pauses_between_attempts_grow_and_differ() -> None:
    use(down)
    pauses: list[list[float]] = []
    for _ in range(6):
        ItemEmbedding.objects.update(next_attempt_at=timezone.now())
        started = timezone.now()
        pipeline.drain()
        due = ItemEmbedding.objects.values_list("next_attempt_at", flat=True)
        pauses.append(sorted((at - started).total_seconds() for at in due))
    for attempt, found in enumerate(pauses):
        longest = min(claims.BACKOFF_SECONDS * 2**attempt, claims.MAX_OUTAGE_BACKOFF_SECONDS)
        assert longest / 2 <= found[0] < found[-1] <= longest + 2, "half of it is random, so that not all come at once"


def down(texts: Sequence[str], vectors: Vectors) -> Vectors:
    raise EncoderUnavailable("down")


def broken(texts: Sequence[str], vectors: Vectors) -> Vectors:
    return vectors[:, :-1]


@pytest.mark.usefixtures("collection")
def test_an_encoder_that_can_encode_nothing_blames_no_item() -> None:
    use(broken)
    assert pipeline.drain() == 0
    assert states() == {"pending": 20}


@pytest.mark.usefixtures("collection")
def test_a_model_that_cannot_be_loaded_blames_no_item(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(space: EmbeddingSpace) -> registry.Encoder:
        raise OSError("no such model")

    monkeypatch.setitem(registry.KINDS, EncoderKind.FAKE, fail)
    registry.forget(active_space())
    assert pipeline.drain() == 0
    assert states() == {"pending": 20}
    assert "no such model" in ItemEmbedding.objects.all()[0].error_message


def test_equal_texts_of_a_batch_are_encoded_once() -> None:
    encoder = use()
    add_items(make_collection(), *({"title": "the same"} for _ in range(5)), {"title": "other"})
    assert pipeline.drain() == 6
    assert sorted(encoder.texts) == ["other\n", "the same\n"]
    assert Passage.objects.count() == 6


def test_a_text_that_came_back_is_not_encoded_again() -> None:
    add_items(make_collection(), {"title": "as it was"})
    pipeline.drain()
    Item.objects.update(title="changed")
    Item.objects.update(title="as it was")
    encoder = use()
    assert pipeline.drain() == 1
    assert encoder.texts == []


def test_a_long_text_has_a_vector_for_each_passage_and_one_for_all() -> None:
    add_items(make_collection(), {"title": "long", "body": "One sentence of six words here. " * 60})
    pipeline.drain()
    passages = list(Passage.objects.order_by("ordinal"))
    text = f"long\n{Item.objects.get().body}"
    assert len(passages) > 2
    assert (passages[0].start, passages[0].end) == (0, len(text))
    assert passages[1].start == 0
    assert all(a.end <= b.start for a, b in pairwise(passages[1:]))


FULL_DISK = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE disk_full USING MESSAGE = ''could not extend file''; END';
    CREATE TRIGGER full_disk BEFORE INSERT ON search_passage FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def test_a_full_disk_while_vectors_are_stored_leaves_the_items_waiting() -> None:
    add_items(make_collection(), {"title": "one"})
    with connection.cursor() as cursor:
        cursor.execute(FULL_DISK)
    with pytest.raises(OperationalError):
        pipeline.drain()
    row = ItemEmbedding.objects.get()
    assert (row.state, row.error_class) == (EmbeddingState.PENDING, "OperationalError")


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize(("claim_size", "calls"), [(20, 1), (7, 1), (21, 0)])
def test_a_worker_that_finds_more_than_one_claim_calls_another_once(
    claim_size: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(lambda texts, vectors: vectors)
    monkeypatch.setattr(pipeline, "CLAIM_SIZE", claim_size)
    called: list[int] = []
    assert pipeline.drain(call_another=lambda: called.append(1)) == 20
    assert len(called) == calls
