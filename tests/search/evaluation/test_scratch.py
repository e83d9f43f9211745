"""A scratch collection beside a running Akin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from catalog.models import Collection
from catalog.schemas import parse_item
from search.duplicates.comparing.scan import pairs_lock, scan
from search.evaluation.scratch import scratch_collection

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
