"""Decisions survive scans, and a pair is offered again only when one of its texts has changed."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.services.collections import update_collection
from search.duplicates.comparing import incremental
from search.duplicates.comparing.scan import scan
from search.duplicates.review.decisions import decide, history_of
from search.embedding.queue import pipeline
from search.models import DuplicatePair, ItemEmbedding
from search.models.duplicate import PairState
from tests.search.duplicates.comparing.test_scan import CURATOR, SAME_TENT, TENT, change, shop, the_pair

pytestmark = pytest.mark.django_db


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
