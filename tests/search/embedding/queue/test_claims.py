"""Two workers never hold the same item, and only a result that is still true is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from catalog.models import Item
from search.embedding.encoders import registry
from search.embedding.queue import claims, pipeline, sweep, vector_store
from search.embedding.queue.claims import Claimed
from search.embedding.queue.encoding import encode
from search.embedding.queue.pace import Pace
from search.embedding.queue.vector_store import Encoded
from search.embedding.spaces.lifecycle import active_space
from search.models import ItemEmbedding, Passage
from search.models.embedding import EmbeddingState, Priority
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


def encoded(rows: list[Claimed]) -> list[Encoded]:
    return encode(registry.encoder_of(active_space()), rows, pace=Pace())


def change(field: str, value: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE search_itemembedding SET {field} = {value}")


def in_thread(work: Callable[[], object]) -> object:
    """The result of the work done by another connection."""
    results: list[object] = []

    def run() -> None:
        results.append(work())
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return results[0]


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_row() -> None:
    add_items(make_collection(), *({"title": f"item {n}"} for n in range(40)))
    mine = {row.id for row in claims.claim(25)}
    theirs = in_thread(lambda: {row.id for row in claims.claim(25)})
    assert isinstance(theirs, set)
    assert (len(mine), len(theirs)) == (25, 15)
    assert not mine & theirs


@pytest.mark.django_db(transaction=True)
def test_a_result_for_an_old_text_is_not_stored() -> None:
    add_items(make_collection(), {"title": "old"}, {"title": "other"})
    rows = claims.claim(10)
    in_thread(lambda: Item.objects.filter(title="old").update(title="new"))
    assert len(vector_store.store(encoded(rows))) == 1
    assert ItemEmbedding.objects.get(item__title="new").state == EmbeddingState.PENDING
    assert Passage.objects.get().item.title == "other"
    assert pipeline.drain() == 1


@pytest.mark.django_db(transaction=True)
def test_an_item_deleted_in_flight_is_harmless() -> None:
    first, _ = add_items(make_collection(), {"title": "going"}, {"title": "staying"})
    rows = claims.claim(10)
    in_thread(Item.objects.filter(pk=first.pk).delete)
    assert len(vector_store.store(encoded(rows))) == 1
    assert Passage.objects.count() == ItemEmbedding.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_item_moved_in_flight_is_stored_in_its_new_collection() -> None:
    add_items(make_collection(), {"title": "moving"})
    other = make_collection("other")
    rows = claims.claim(10)
    in_thread(lambda: Item.objects.update(collection=other))
    vector_store.store(encoded(rows))
    assert Passage.objects.get().collection_id == other.pk


def test_who_lost_the_lease_stores_nothing_and_spoils_nothing() -> None:
    add_items(make_collection(), {"title": "slow"})
    slow = claims.claim(10)
    change("lease_expires_at", "now() - interval '1 second'")
    assert sweep.release_expired() == 1
    fast = claims.claim(10)
    assert vector_store.store(encoded(slow)) == set()
    claims.release(slow)
    claims.fail(slow, ValueError("too late"), is_permanent=True)
    assert len(vector_store.store(encoded(fast))) == 1
    assert ItemEmbedding.objects.get().state == EmbeddingState.EMBEDDED


def test_a_renewed_lease_outlives_its_first_end() -> None:
    add_items(make_collection(), {"title": "long"})
    rows = claims.claim(10)
    change("lease_expires_at", "now() - interval '1 second'")
    claims.renew(rows)
    assert sweep.release_expired() == 0
    assert len(vector_store.store(encoded(rows))) == 1


def test_what_a_person_saved_is_claimed_before_an_import() -> None:
    collection = make_collection()
    add_items(collection, *({"title": f"bulk {n}"} for n in range(60)))
    add_items(collection, {"title": "live"})
    assert [row.title for row in claims.claim(1)] == ["live"]
    assert claims.claim(10, priority=Priority.LIVE) == []
    assert len(claims.claim(100)) == 60


def test_a_released_row_is_as_if_never_claimed() -> None:
    add_items(make_collection(), {"title": "one"})
    claims.release(claims.claim(10))
    row = ItemEmbedding.objects.get()
    assert (row.state, row.attempts, row.lease_token) == (EmbeddingState.PENDING, 0, None)
    assert claims.has_due_work()


def test_rows_that_were_never_tried_are_due_after_the_clock_is_put_back() -> None:
    add_items(make_collection(), {"title": "one"})
    change("next_attempt_at", "now() + interval '3 hours'")
    assert claims.has_due_work()
    assert len(claims.claim(10)) == 1


def test_leases_and_delays_from_before_the_clock_was_put_back_end() -> None:
    add_items(make_collection(), {"title": "claimed"}, {"title": "waiting"})
    (row,) = claims.claim(1)
    waiting = ItemEmbedding.objects.exclude(pk=row.id)
    change("lease_expires_at", "CASE WHEN state = 'claimed' THEN now() + interval '3 hours' END")
    waiting.update(attempts=3, next_attempt_at="2126-01-01T00:00Z")
    assert sweep.sweep().expired == 2
    assert pipeline.drain() == 2


def test_an_item_with_which_workers_die_is_claimed_alone_and_blamed_in_the_end() -> None:
    add_items(make_collection(), {"title": "deadly"}, {"title": "harmless"})
    deadly = ItemEmbedding.objects.filter(item__title="deadly")
    for lost in range(1, claims.MAX_LOST_WORKERS + 1):
        rows = claims.claim(10)
        if lost > claims.SUSPECT_AFTER:
            assert [row.title for row in rows] == ["deadly"]
        elif lost == claims.SUSPECT_AFTER:
            vector_store.store(encoded([row for row in rows if row.title == "harmless"]))
        change("lease_expires_at", "now() - interval '1 second'")
        assert sweep.release_expired() >= 1
    assert (deadly.get().state, deadly.get().error_class) == (EmbeddingState.FAILED, "WorkerLost")
    assert ItemEmbedding.objects.get(item__title="harmless").state == EmbeddingState.EMBEDDED
    Item.objects.filter(title="deadly").update(title="mended")
    assert pipeline.drain() == 1
