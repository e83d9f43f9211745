"""A scratch collection beside a running Akin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from catalog import locks
from catalog.models import Collection, Item
from catalog.schemas import parse_item
from search.duplicates.comparing.scan import pairs_lock, scan
from search.evaluation.scratch import scratch_collection
from search.insight.map import computing as maps
from search.insight.map.computing import compute_map
from search.insight.topics.computing import compute_topics, place_new_items
from search.insight.topics.work import ask_where_due
from search.models import ItemPlace, ItemTopic
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = [parse_item({"external_id": f"i{n}", "title": f"Dome tent {n}"}) for n in range(3)]


def is_free(collection: Collection) -> bool:
    """Whether another process could scan the collection."""
    try:
        with pairs_lock(collection) as is_mine:
            return is_mine
    finally:
        connection.close()


def test_workers_leave_its_pairs_alone_and_its_own_scan_runs() -> None:
    with scratch_collection(ITEMS) as collection, ThreadPoolExecutor(1) as worker:
        assert not worker.submit(is_free, collection).result()
        assert scan(collection=collection) is not None
        assert not worker.submit(is_free, collection).result(), "also after its own scan"
    assert not Collection.objects.filter(pk=collection.pk).exists()


def test_workers_compute_neither_its_topics_nor_the_places_of_its_items() -> None:
    items = [parse_item({"external_id": f"i{n}", "title": f"Dome tent {n}"}) for n in range(24)]
    with scratch_collection(items) as collection:
        compute_topics(collection)
        compute_map(collection)
        ItemTopic.objects.all().delete()
        ItemPlace.objects.all().delete()
        Item.objects.update(updated_at=timezone.now() - timedelta(hours=1))
        assert (place_new_items(), maps.place_new_items(), ask_where_due()) == (0, 0, 0)
        with locks.tried(locks.Lock.OWN_WORK, 2**31 + 7):
            assert locks.held_keys(locks.Lock.OWN_WORK) == {collection.pk, 7}
    assert locks.held_keys(locks.Lock.OWN_WORK) == set()


def test_what_is_nobody_elses_is_computed() -> None:
    collection = make_collection()
    add_items(collection, *({"title": f"Dome tent {n}"} for n in range(24)))
    make_searchable(collection)
    Item.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    assert ask_where_due() == 1
