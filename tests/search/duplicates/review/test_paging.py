"""The queue and the API's list read their pages from indexes, however many pairs there are."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from catalog.models import Collection
from search.duplicates.review.pairs import list_pairs
from search.models import DuplicatePair
from tests.admin_people import curator
from tests.factories import add_items, make_collection

LIST = "/admin/search/duplicatepair/"
ITEMS = 160

# Every pair of the items, with evidence of the usual size; one in ten decided, half of the rest flagged.
FILL = """
    INSERT INTO search_duplicatepair (collection_id, first_id, second_id, score, is_flagged, evidence, state,
        is_changed, decided_by_name, reason, first_digest, second_digest, found_at, scored_at)
    SELECT a.collection_id, a.id, b.id, s.score, s.score > 0.5, to_jsonb(repeat('x', 900)),
           CASE WHEN (a.id + b.id) %% 10 = 0 THEN 'dismissed' ELSE 'suggested' END, false, '', '',
           a.text_digest, b.text_digest, now(), now()
    FROM catalog_item a JOIN catalog_item b ON b.id > a.id AND b.collection_id = a.collection_id
    CROSS JOIN LATERAL (SELECT ((a.id * 7919 + b.id * 104729) %% 10007) / 10007.0 AS score) s
    WHERE a.collection_id = %s
"""


@pytest.fixture
def shop(transactional_db: None) -> Collection:
    """12,720 pairs of 160 items. Vacuumed, as the server does it by itself, so that an index alone can answer."""
    collection = make_collection()
    add_items(collection, *({"title": f"Item {n}"} for n in range(ITEMS)))
    with connection.cursor() as cursor:
        with transaction.atomic():
            # Rows of a commit that may still be lost are not marked as visible to all.
            cursor.execute("SET LOCAL synchronous_commit = on")
            cursor.execute(FILL, [collection.pk])
        vacuum(cursor)
    return collection


def vacuum(cursor: CursorWrapper) -> None:
    """Until every page is known to be visible to all: one that some process reads at that moment is passed over."""
    for _ in range(50):
        cursor.execute("VACUUM ANALYZE search_duplicatepair")
        cursor.execute("SELECT relallvisible = relpages FROM pg_class WHERE relname = 'search_duplicatepair'")
        if cursor.fetchone()[0]:
            return
        time.sleep(0.1)


def plans_of(queries: CaptureQueriesContext) -> list[str]:
    """The plans of the statements that cut a page of pairs or count them."""
    found = []
    for query in queries.captured_queries:
        sql = query["sql"]
        if 'FROM "search_duplicatepair"' in sql and re.search(r"LIMIT|COUNT\(\*\)", sql) and "WHERE" in sql:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}")
                found.append("\n".join(row[0] for row in cursor.fetchall()))
    return found


@pytest.mark.parametrize("page", ["first", "last"])
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"state": "all", "is_changed__exact": "0"},
        {"is_flagged__exact": "0"},
        {"is_flagged__exact": "1", "collection": True},
        {"state": "dismissed", "collection": True},
        {"state": "all", "collection": True},
        {"o": "-2"},
        {"o": "-2", "collection": True},
        {"is_variant__exact": "1"},
        {"o": "-3"},
    ],
)
def test_the_queue_is_sorted_counted_and_cut_in_an_index(shop: Collection, filters: dict[str, Any], page: str) -> None:
    asked = {name: value for name, value in filters.items() if name != "collection"}
    if "collection" in filters:
        asked["collection__id__exact"] = shop.pk
    browser = curator()
    count = browser.get(LIST, asked).context["cl"].paginator.count
    asked["p"] = 1 if page == "first" else -(-count // 50)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(LIST, asked).status_code == 200
    plans = plans_of(queries)
    assert plans
    for plan in plans:
        assert "Index Only Scan" in plan, plan
        assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("state", [None, "suggested", "dismissed"])
def test_the_list_of_the_api_is_cut_from_an_index(shop: Collection, state: str | None) -> None:
    _, total = list_pairs(collection=shop, state=state, limit=50, offset=0)
    for offset in (0, total - 50):
        with CaptureQueriesContext(connection) as queries:
            pairs, _ = list_pairs(collection=shop, state=state, limit=50, offset=offset)
        assert len(pairs) == 50
        plans = plans_of(queries)
        assert len(plans) == 2
        for plan in plans:
            assert "Index Only Scan" in plan, plan
            assert "Seq Scan" not in plan, plan


def test_pages_follow_each_other_without_gaps(shop: Collection) -> None:
    DuplicatePair.objects.filter(pk__gt=DuplicatePair.objects.earliest("pk").pk + 119).delete()
    seen = [
        pair.pk
        for offset in range(0, 120, 50)
        for pair in list_pairs(collection=shop, state=None, limit=50, offset=offset)[0]
    ]
    assert len(seen) == len(set(seen)) == 120
