"""Scans and checks on PostgreSQL: what is found, what survives, what is offered again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from catalog.access import Actor
from catalog.models import Collection, Item
from catalog.models.run import RunState
from catalog.schemas import parse_item
from catalog.services.items import save_item
from catalog.services.runs import cancel_runs
from search.duplicates.candidates import lookup
from search.duplicates.comparing import incremental
from search.duplicates.comparing.scan import ScanRuns, pairs_lock, scan, start_scan
from search.duplicates.review.pairs import group_of_item, groups_of_collection, list_pairs, pairs_of_item
from search.embedding.queue import pipeline
from search.embedding.spaces.lifecycle import active_space
from search.models import DuplicatePair, ItemEmbedding
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
CURATOR = Actor(rank=3, name="Ann")

TENT = {
    "title": "Norrdal Sund 2 trekking tent",
    "body": "A tunnel-shaped shelter for two walkers. The porch is 110 cm deep and it weighs 2.35 kg.",
    "attributes": {"brand": "Norrdal", "price": 329, "source": "a"},
}
SAME_TENT = {
    "title": "Norrdal Sund 2 treking tent",
    "body": "Tunnel-shaped shelter for two walkers, porch 43.3 in deep, weighs 2350 g.",
    "attributes": {"brand": "Norrdal", "price": 325, "source": "b"},
}
FILLERS = [
    {
        "title": f"{noun} number {n}",
        "body": f"Something quite else about {noun} and {other}.",
        "attributes": {"source": "c"},
    }
    for n, (noun, other) in enumerate(
        zip(
            ["lamp", "rope", "stove", "kettle", "ladder", "hammer", "bucket"],
            ["wood", "iron", "glass", "tin", "wool", "clay", "horn"],
            strict=True,
        )
    )
]


def shop(*items: dict[str, Any], **fields: Any) -> Collection:
    collection = make_collection(**fields)
    add_items(collection, *items, *FILLERS)
    pipeline.drain()
    return collection


def the_pair(collection: Collection) -> DuplicatePair:
    return DuplicatePair.objects.select_related("first", "second").get(collection=collection)


def change(item: Item, **fields: Any) -> None:
    stored = {"external_id": item.external_id, "title": item.title, "body": item.body, "attributes": item.attributes}
    save_item(collection=item.collection, entry=parse_item({**stored, **fields}))
    pipeline.drain()


def test_a_scan_finds_the_pair_with_its_evidence_and_reports_a_run() -> None:
    collection = shop(TENT, SAME_TENT)
    assert scan(collection=collection) is not None
    pair = the_pair(collection)
    assert (pair.first.title, pair.second.title) == (TENT["title"], SAME_TENT["title"])
    assert pair.is_flagged and 0.5 <= pair.score <= 1
    assert {"name", "label", "value", "contribution"} == set(pair.evidence[0])
    run = collection.runs.get()
    assert (run.state, run.done, run.total) == (RunState.FINISHED, 9, 9)


def test_checking_item_by_item_finds_the_same_as_a_scan() -> None:
    collection = shop(TENT, SAME_TENT)
    assert incremental.check_embedded() == 9
    found = the_pair(collection)
    scan(collection=collection)
    assert the_pair(collection).pk == found.pk
    assert incremental.check_embedded() == 0


def test_a_check_keeps_a_pair_that_only_a_scan_could_find(monkeypatch: pytest.MonkeyPatch) -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    found = the_pair(collection)
    for name in ("neighbours", "sharing_rare_words", "twins"):
        monkeypatch.setattr(lookup, name, lambda *args, **kwargs: [])
    incremental.check_items(collection, active_space(), [found.first_id])
    assert the_pair(collection).pk == found.pk
    assert the_pair(collection).scored_at > found.scored_at


def test_only_what_was_compared_is_marked() -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    assert incremental.check_embedded() == 0
    (added,) = add_items(collection, {**TENT, "body": f"{TENT['body']} New stock."})
    pipeline.drain()
    assert incremental.check_embedded() == 1
    assert DuplicatePair.objects.filter(second=added).exists()


def test_a_change_of_attributes_alone_is_compared_again() -> None:
    collection = shop(TENT, SAME_TENT)
    incremental.check_embedded()
    item = collection.items.get(title=TENT["title"])
    Item.objects.filter(pk=item.pk).update(attributes={**item.attributes, "price": 1})
    assert incremental.check_embedded() == 1
    Item.objects.filter(pk=item.pk).update(attributes={**item.attributes, "brand": "Other"})
    assert incremental.check_embedded() == 0  # it is embedded first
    pipeline.drain()
    assert incremental.check_embedded() == 1


def test_a_hidden_item_loses_its_suggestions() -> None:
    collection = shop(TENT, SAME_TENT)
    incremental.check_embedded()
    collection.items.filter(title=TENT["title"]).update(status="archived")
    incremental.check_embedded()
    assert not DuplicatePair.objects.exists()


def test_an_import_under_way_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incremental, "MAX_BACKLOG", 3)
    collection = make_collection()
    add_items(collection, TENT, SAME_TENT)
    pipeline.drain()
    add_items(collection, *FILLERS)
    assert incremental.check_embedded() == 0
    pipeline.drain()
    assert incremental.check_embedded() == 9


def test_many_new_items_are_scanned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incremental, "SCAN_FROM", 5)
    collection = shop(TENT, SAME_TENT)
    assert incremental.check_embedded() == 9
    assert collection.runs.count() == 1


@pytest.mark.parametrize(
    ("policy", "is_found"),
    [
        ({"across": "source"}, True),
        ({"across": "brand"}, False),
        ({"same": ["brand"]}, True),
        ({"same": ["source"]}, False),
        ({"same": ["missing"]}, False),
        ({"enabled": False}, False),
        ({"flag_threshold": 1.0, "suggest_threshold": 1.0}, False),
    ],
)
def test_the_policy_says_which_pairs_may_be_duplicates(policy: dict[str, Any], is_found: bool) -> None:
    collection = shop(TENT, SAME_TENT, duplicate_policy=policy)
    scan(collection=collection)
    assert DuplicatePair.objects.exists() == is_found
    DuplicatePair.objects.all().delete()
    ItemEmbedding.objects.update(checked_digest=None)
    incremental.check_embedded()
    assert DuplicatePair.objects.exists() == is_found
    assert incremental.check_embedded() == 0


def test_a_cancelled_scan_stores_nothing() -> None:
    collection = shop(TENT, SAME_TENT)
    run = start_scan(collection=collection)
    cancel_runs(runs=collection.runs.all())
    assert scan(collection=collection, run=run) is None
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert not DuplicatePair.objects.exists()


def test_one_process_at_a_time_writes_the_pairs(django_db_blocker: Any) -> None:
    collection = shop(TENT, SAME_TENT)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [0x64757073, collection.pk])
        with pairs_lock(collection) as is_mine:
            assert not is_mine
        with pytest.raises(ScanRuns):
            scan(collection=collection)
        assert not collection.runs.exists()
        run = start_scan(collection=collection)
        with pytest.raises(ScanRuns):
            scan(collection=collection, run=run)
        run.refresh_from_db()
        assert run.state == RunState.RUNNING  # it waits for its turn
    finally:
        other.close()


def test_pairs_are_listed_best_first_and_not_those_of_hidden_items() -> None:
    collection = shop(TENT, SAME_TENT, {**TENT, "title": "Norrdal Sund 2 trekking tent!"})
    scan(collection=collection)
    pairs, total = list_pairs(collection=collection, state="suggested", limit=2, offset=0)
    assert total == 3
    assert pairs[0].score >= pairs[1].score
    item = pairs[0].first
    assert len(pairs_of_item(item)) == 2
    assert len(group_of_item(item)) == 3
    collection.items.exclude(pk=item.pk).filter(title__startswith="Norrdal").update(status="archived")
    assert pairs_of_item(item) == []
    assert groups_of_collection(collection) == []


def test_the_active_space_is_what_is_compared() -> None:
    collection = shop(TENT, SAME_TENT)
    incremental.check_embedded()
    rows = ItemEmbedding.objects.filter(collection=collection, space=active_space())
    assert all(row.checked_digest is not None and bytes(row.checked_digest) == bytes(row.digest or b"") for row in rows)
