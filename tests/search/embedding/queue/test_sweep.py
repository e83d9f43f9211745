"""The sweep finds whatever went wrong, whoever did it."""

from __future__ import annotations

import pytest

from catalog.models import Item
from search.embedding.queue import pipeline, sweep
from search.embedding.queue.sweep import SweepReport
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace, ItemEmbedding, Passage
from search.models.embedding import EmbeddingState, SpaceState
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_embedded_items() -> None:
    add_items(make_collection(), {"title": "first"}, {"title": "second"})
    pipeline.drain()


def repaired() -> None:
    """Every item has a vector of its text, and nothing else has."""
    pipeline.drain()
    assert sweep.sweep() == SweepReport()
    for row in ItemEmbedding.objects.select_related("item"):
        assert (row.state, row.digest) == (EmbeddingState.EMBEDDED, row.item.text_digest)
    live = EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE).count()
    assert Passage.objects.count() == ItemEmbedding.objects.count() == Item.objects.count() * live


def test_nothing_to_repair() -> None:
    repaired()


def test_lost_rows_are_made_anew() -> None:
    ItemEmbedding.objects.all().delete()
    assert sweep.sweep().missing == 2
    repaired()


def test_lost_vectors_are_made_anew() -> None:
    Passage.objects.filter(item__title="first").delete()
    assert sweep.sweep().stale == 1
    repaired()


def test_vectors_of_another_text_are_found() -> None:
    ItemEmbedding.objects.filter(item__title="first").update(digest=b"of a text written behind the triggers")
    assert sweep.sweep().stale == 1
    repaired()


def test_rows_and_vectors_of_nothing_are_deleted() -> None:
    row = ItemEmbedding.objects.all()[0]
    ItemEmbedding.objects.create(
        item_id=999_999, space=active_space(), collection_id=1, marked_at=row.marked_at, next_attempt_at=row.marked_at
    )
    passage = Passage.objects.all()[0]
    passage.pk, passage.item_id = None, 888_888
    passage.save(force_insert=True)
    assert sweep.sweep().orphans == 2
    repaired()


def test_a_new_space_gets_every_item_and_a_retired_one_loses_all() -> None:
    space = EmbeddingSpace.objects.create(name="new", kind="fake", model="fake", dimensions=8)
    assert sweep.sweep().missing == 2
    assert pipeline.drain() == 2
    EmbeddingSpace.objects.filter(pk=space.pk).update(state=SpaceState.RETIRED)
    assert sweep.sweep().orphans == 4
    repaired()
