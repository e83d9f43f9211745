"""Scans and checks on PostgreSQL: what is found, what survives, what is offered again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.db import connection

from catalog.access import Actor
from catalog.models import Collection, Item
from catalog.models.run import RunState
from catalog.schemas import parse_item
from catalog.services.collections import update_collection
from catalog.services.items import save_item
from catalog.services.runs import cancel_runs
from search.duplicates.candidates import generation, lookup
from search.duplicates.candidates.generation import Sides
from search.duplicates.comparing import incremental
from search.duplicates.comparing.check import check_item
from search.duplicates.comparing.scan import ScanRuns, pairs_lock, scan, start_scan
from search.duplicates.reading.words import WordStatistics
from search.duplicates.review.decisions import decide, history_of
from search.duplicates.review.pairs import group_of_item, groups_of_collection, list_pairs, pairs_of_item
from search.embedding.queue import pipeline
from search.embedding.spaces.lifecycle import active_space
from search.models import DuplicatePair, ItemEmbedding
from search.models.duplicate import PairState
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


@pytest.mark.parametrize("decision", ["dismissed", "confirmed"])
def test_a_decision_survives_rescan_re_embedding_and_thresholds(decision: Any) -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    pair = decide(pair=the_pair(collection), decision=decision, actor=CURATOR, reason="Seen both.")
    ItemEmbedding.objects.filter(collection=collection).update(digest=b"old", checked_digest=None, state="pending")
    pipeline.drain()
    incremental.check_embedded()
    update_collection(collection=collection, duplicate_policy={"flag_threshold": 0.2, "suggest_threshold": 0.01})
    scan(collection=collection)
    pair.refresh_from_db()
    assert (pair.state, pair.is_changed, pair.decided_by_name, pair.reason) == (decision, False, "Ann", "Seen both.")


def test_a_pair_is_offered_again_only_when_a_text_has_really_changed() -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    pair = decide(pair=the_pair(collection), decision="dismissed", actor=CURATOR)
    change(pair.first, attributes={"brand": "Norrdal", "price": 300})
    incremental.check_embedded()
    assert the_pair(collection).state == PairState.DISMISSED
    change(pair.first, title=pair.first.title.upper(), body=f"  {pair.first.body}\r\n".replace(" ", "\u00a0 "))
    incremental.check_embedded()
    assert the_pair(collection).state == PairState.DISMISSED
    change(pair.first, body=f"{pair.first.body} Now in green.")
    incremental.check_embedded()
    offered = the_pair(collection)
    assert (offered.state, offered.is_changed) == (PairState.SUGGESTED, True)
    change(pair.first, body=pair.first.body)
    incremental.check_embedded()
    restored = the_pair(collection)
    assert (restored.state, restored.is_changed) == (PairState.DISMISSED, False)


@pytest.fixture
def offered_again() -> DuplicatePair:
    """A pair that was dismissed, and is offered again because a text changed."""
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    pair = decide(pair=the_pair(collection), decision="dismissed", actor=CURATOR)
    change(pair.first, body=f"{pair.first.body} Now in green.")
    incremental.check_embedded()
    return the_pair(collection)


@pytest.mark.parametrize("decision", ["dismissed", "confirmed"])
def test_taking_back_a_decision_on_a_changed_pair_leaves_it_marked_as_changed(
    offered_again: DuplicatePair, decision: Any
) -> None:
    assert not decide(pair=offered_again, decision=decision, actor=CURATOR).is_changed
    taken_back = decide(pair=offered_again, decision="suggested", actor=CURATOR)
    assert (taken_back.state, taken_back.is_changed) == ("suggested", True)
    scan(collection=offered_again.collection)
    offered_again.refresh_from_db()
    assert (offered_again.state, offered_again.is_changed) == ("suggested", True)
    change(offered_again.first, body=TENT["body"])
    scan(collection=offered_again.collection)
    offered_again.refresh_from_db()
    assert (offered_again.state, offered_again.is_changed) == ("dismissed", False)


def test_a_decision_that_was_taken_back_does_not_come_back_with_its_text() -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    pair = decide(pair=the_pair(collection), decision="dismissed", actor=CURATOR)
    change(pair.first, body=f"{pair.first.body} Now in green.")
    pair = decide(pair=pair, decision="suggested", actor=CURATOR)
    assert not pair.is_changed
    change(pair.first, body=TENT["body"])
    scan(collection=collection)
    assert (the_pair(collection).state, the_pair(collection).is_changed) == ("suggested", False)


def test_a_suggestion_that_no_longer_holds_is_removed_and_a_decision_is_not() -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    change(the_pair(collection).second, title="A brass telescope", body="For ships.", attributes={})
    scan(collection=collection)
    assert not DuplicatePair.objects.exists()


def test_decisions_are_kept_one_by_one() -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    pair = decide(pair=the_pair(collection), decision="dismissed", actor=CURATOR, reason="Another year.")
    pair = decide(pair=pair, decision="suggested", actor=CURATOR)
    assert (pair.state, pair.decided_by_name, pair.decided_at) == ("suggested", "", None)
    assert [(one.decision, one.reason) for one in history_of(pair)] == [
        ("suggested", ""),
        ("dismissed", "Another year."),
    ]


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


def test_an_unsaved_item_is_compared_and_nothing_is_stored() -> None:
    collection = shop(TENT)
    found = check_item(collection=collection, entry=parse_item({"external_id": "new", **SAME_TENT}))
    assert [one.item.title for one in found] == [TENT["title"]]
    assert found[0].is_flagged
    assert not DuplicatePair.objects.exists()


def test_an_item_that_is_saved_again_is_not_its_own_duplicate() -> None:
    collection = shop(TENT)
    stored = collection.items.get(title=TENT["title"])
    assert check_item(collection=collection, entry=parse_item({"external_id": stored.external_id, **TENT})) == []


def test_the_same_identifier_is_found_whatever_the_text_says() -> None:
    collection = shop({"title": "Kettle of copper", "attributes": {"sku": "AB-1234-X"}})
    entry = parse_item({"external_id": "new", "title": "Zzyzx quux", "attributes": {"sku": "ab1234x"}})
    (found,) = check_item(collection=collection, entry=entry)
    assert "same_identifier" in {term["name"] for term in found.evidence}


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


def test_exact_neighbours_are_those_of_brute_force() -> None:
    vectors = np.random.default_rng(5).normal(size=(60, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = {tuple(pair) for pairs, _ in generation.nearest(vectors, Sides(None, None)) for pair in pairs.tolist()}
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    expected = {tuple(sorted((a, int(b)))) for a in range(60) for b in np.argsort(-cosines[a])[:10]}
    assert found == expected


def test_rare_words_in_common_make_candidates_and_common_words_do_not() -> None:
    words = [["the", "zorb"], ["the", "zorb"], ["the", "quux"]] + [["the"]] * 60
    statistics = WordStatistics(63, {"the": 63, "zorb": 2, "quux": 1})
    assert generation.sharing_rare_words(words, statistics, Sides(None, None)).tolist() == [[0, 1]]


def test_the_active_space_is_what_is_compared() -> None:
    collection = shop(TENT, SAME_TENT)
    incremental.check_embedded()
    rows = ItemEmbedding.objects.filter(collection=collection, space=active_space())
    assert all(row.checked_digest is not None and bytes(row.checked_digest) == bytes(row.digest or b"") for row in rows)
