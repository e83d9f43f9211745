"""Whatever locks many rows of the queue takes them in one order, so it never deadlocks with people who edit items."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from catalog.models import Item
from search.embedding.queue import pipeline, sweep
from search.embedding.queue.retry import retry, unsuccessful
from search.embedding.spaces import lifecycle
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace, ItemEmbedding, Passage
from search.models.embedding import EncoderKind, SpaceState
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db(transaction=True)

IS_ANYBODY_WAITING = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock')"


@pytest.fixture
def items() -> tuple[int, int]:
    """Two items in two spaces; the row of the first lies behind that of the second."""
    active_space()
    lifecycle.add_space(name="new", model="fake", kind=EncoderKind.FAKE, dimensions=8)
    EmbeddingSpace.objects.filter(name="new").update(state=SpaceState.READY)
    first, second = add_items(make_collection(), {"title": "first"}, {"title": "second"})
    pipeline.drain()
    for state in ("pending", "embedded"):
        ItemEmbedding.objects.filter(item=first).update(state=state)
    return first.pk, second.pk


def retire() -> None:
    lifecycle.retire_space(lifecycle.get_space("new"))
    assert not ItemEmbedding.objects.filter(space__name="new").exists()
    assert not Passage.objects.filter(space__name="new").exists()


def sweep_retired() -> None:
    EmbeddingSpace.objects.filter(name="new").update(state=SpaceState.RETIRED)
    sweep.sweep()


def retry_all() -> None:
    retry(unsuccessful())


@pytest.mark.parametrize("work", [retire, sweep_retired, retry_all])
def test_editing_one_item_after_the_other_meanwhile_is_harmless(
    items: tuple[int, int], work: Callable[[], None]
) -> None:
    first, second = items
    if work is retry_all:
        for item in (second, first):
            ItemEmbedding.objects.filter(item=item).update(state="failed")

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Item.objects.filter(pk=first).update(title="first, edited")
            working = pool.submit(run)
            wait_until_blocked_or_done(working)
            Item.objects.filter(pk=second).update(title="second, edited")
        working.result(20)
    pipeline.drain()
    assert sweep.sweep().missing == 0
    assert set(Item.objects.values_list("title", flat=True)) == {"first, edited", "second, edited"}


def wait_until_blocked_or_done(working: Future[None]) -> None:
    deadline = time.monotonic() + 10
    while not working.done() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(IS_ANYBODY_WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
