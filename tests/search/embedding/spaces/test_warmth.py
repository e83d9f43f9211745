"""After an activation a web process answers with the space before until the new model is in its memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from search.embedding.encoders import registry
from search.embedding.encoders.fake import FakeEncoder
from search.embedding.queue import pipeline
from search.embedding.spaces import lifecycle, warmth
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind
from search.retrieval.ranking import legs
from search.retrieval.search import search
from search.retrieval.types import SearchRequest
from search.retrieval.upkeep.readiness import promote_built_spaces
from tests.factories import shop_of

pytestmark = pytest.mark.django_db


class SlowLoading:
    """Loads the new space's model not before it is allowed to."""

    def __init__(self) -> None:
        self.may_load = threading.Event()
        self.is_broken = False
        self.times = 0

    def __call__(self, space: EmbeddingSpace) -> FakeEncoder:
        if space.name == "new":
            self.times += 1
            assert self.may_load.wait(20)
            if self.is_broken:
                raise OSError("the disk is gone")
        return FakeEncoder(space)


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowLoading]:
    registry._loaded.clear()
    slow = SlowLoading()
    yield slow
    slow.may_load.set()
    wait_until(lambda: not warmth._keeper.loading)
    warmth._keeper.clear()
    registry._loaded.clear()


def wait_until(condition: object) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def as_web_process(loading: SlowLoading, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has the model before in memory, and no thread that looks: the test does."""
    registry._loaded.clear()
    registry.encoder_of(lifecycle.get_space("fake"))
    monkeypatch.setitem(registry.KINDS, EncoderKind.FAKE, loading)
    monkeypatch.setattr(warmth._keeper, "is_on", True)


def two_spaces() -> EmbeddingSpace:
    """The collection in the space that answers and in `new`, which is ready."""
    lifecycle.active_space()
    new = lifecycle.add_space(name="new", model="fake", kind=EncoderKind.FAKE, dimensions=64, options={"salt": "new"})
    lifecycle.build_space(new)
    pipeline.drain()
    promote_built_spaces()
    return new


def test_the_space_before_answers_until_the_model_is_loaded(
    loading: SlowLoading, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = two_spaces()
    as_web_process(loading, monkeypatch)
    lifecycle.activate_space(new, is_forced=True)
    assert [lifecycle.active_space().name for _ in range(3)] == ["fake"] * 3
    loading.may_load.set()
    wait_until(lambda: registry.is_loaded(new))
    assert lifecycle.active_space().name == "new"
    assert loading.times == 1
    assert lifecycle.roll_back().name == lifecycle.active_space().name == "fake"


def test_other_processes_answer_by_the_new_space_at_once(loading: SlowLoading) -> None:
    new = two_spaces()
    registry.forget(new)
    lifecycle.activate_space(new, is_forced=True)
    assert lifecycle.active_space().name == "new"
    assert not warmth._keeper.loading


def test_patience_ends_before_the_space_before_may_be_retired(
    loading: SlowLoading, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = two_spaces()
    as_web_process(loading, monkeypatch)
    lifecycle.activate_space(new, is_forced=True)
    assert lifecycle.active_space().name == "fake"
    EmbeddingSpace.objects.filter(name="new").update(activated_at=timezone.now() - warmth.PATIENCE)
    assert lifecycle.active_space().name == "new"
    assert warmth.PATIENCE + timedelta(seconds=10) < lifecycle.GRACE


def test_a_space_that_was_retired_by_force_answers_no_more(
    loading: SlowLoading, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = two_spaces()
    as_web_process(loading, monkeypatch)
    lifecycle.activate_space(new, is_forced=True)
    before = lifecycle.get_space("fake")
    lifecycle.retire_space(before, is_forced=True)
    registry.encoder_of(before)
    assert lifecycle.active_space().name == "new"
    warmth.look()
    assert not registry.is_loaded(before)


def test_a_model_that_cannot_be_loaded_is_reported_by_words_alone_after_the_patience(
    loading: SlowLoading, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = shop_of({"title": "red lamp"})
    new = two_spaces()
    as_web_process(loading, monkeypatch)
    loading.is_broken = True
    loading.may_load.set()
    lifecycle.activate_space(new, is_forced=True)
    assert not search(SearchRequest(collection, "lamp")).is_degraded
    wait_until(lambda: not warmth._keeper.loading)
    assert not search(SearchRequest(collection, "red")).is_degraded
    EmbeddingSpace.objects.filter(name="new").update(activated_at=timezone.now() - warmth.PATIENCE)
    with pytest.raises(EncoderUnavailable, match="the disk is gone"):
        registry.encoder_of(lifecycle.active_space())
    assert search(SearchRequest(collection, "a red lamp")).is_degraded


@pytest.mark.django_db(transaction=True)
def test_a_thread_notices_the_activation_and_searches_never_wait_or_mix(
    loading: SlowLoading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warmth, "LOOK_SECONDS", 0.02)
    collection = shop_of(*({"title": f"lamp number {n}"} for n in range(20)))
    new = two_spaces()
    as_web_process(loading, monkeypatch)
    used: list[tuple[str, int]] = []
    retrieve = legs.retrieve

    def noting(**options: object) -> legs.Candidates:
        space, vector = options["space"], options["query_vector"]
        assert isinstance(space, EmbeddingSpace)
        used.append((space.name, space.dimensions - len(vector)))  # type: ignore[arg-type]
        return retrieve(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(legs, "retrieve", noting)
    found: list[tuple[float, int]] = []
    ended = threading.Event()

    def hammer() -> None:
        while not ended.is_set():
            started = time.monotonic()
            result = search(SearchRequest(collection, f"lamp number {len(found)}", mode="semantic"))
            found.append((time.monotonic() - started, -1 if result.is_degraded else len(result.hits)))
        connection.close()

    warmth.start()
    searching = threading.Thread(target=hammer)
    searching.start()
    try:
        lifecycle.activate_space(new, is_forced=True)
        wait_until(lambda: loading.times == 1)
        count = len(found)
        wait_until(lambda: len(found) > count + 10)
        assert {name for name, _ in used} == {"fake"}
        loading.may_load.set()
        wait_until(lambda: used[-1][0] == "new")
    finally:
        ended.set()
        searching.join()
    assert {difference for _, difference in used} == {0}, "a query of one space was searched in another"
    assert {hits for _, hits in found} == {10}
    assert max(seconds for seconds, _ in found) < 5
