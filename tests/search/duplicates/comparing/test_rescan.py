"""Scans that are asked for: they wait for their turn, survive a lost message, and follow a new policy."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Run
from catalog.models.run import RunState
from catalog.services.collections import update_collection
from search.duplicates.comparing import incremental
from search.duplicates.comparing.rescan import queue_scan, take_up
from search.duplicates.comparing.scan import WAITS_AT_MOST, scan
from search.duplicates.review.decisions import decide
from search.models import DuplicatePair
from tests.search.duplicates.comparing.test_scan import CURATOR, SAME_TENT, TENT, shop, the_pair

pytestmark = pytest.mark.django_db


def test_a_queued_scan_waits_for_the_one_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    collection = shop(TENT, SAME_TENT)
    run = queue_scan(collection=collection)
    assert queue_scan(collection=collection) == run
    turns = iter([False, True])
    monkeypatch.setattr("search.duplicates.comparing.scan.pairs_lock", lambda collection: nullcontext(next(turns)))
    assert not take_up(run)
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    assert take_up(run)
    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert the_pair(collection).is_flagged


def test_a_scan_that_never_gets_its_turn_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    collection = shop(TENT, SAME_TENT)
    run = queue_scan(collection=collection)
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - WAITS_AT_MOST * 2)
    monkeypatch.setattr("search.duplicates.comparing.scan.pairs_lock", lambda collection: nullcontext(False))
    run.refresh_from_db()
    assert take_up(run)
    assert run.state == RunState.FAILED
    assert queue_scan(collection=collection) != run


def test_a_scan_whose_message_was_lost_is_done_all_the_same() -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    assert incremental.check_embedded() == 0
    run = queue_scan(collection=collection)
    assert incremental.check_embedded() == 9
    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert collection.runs.count() == 2
    assert incremental.check_embedded() == 0


def test_a_new_policy_flags_at_once_and_queues_a_scan(django_capture_on_commit_callbacks: Any) -> None:
    collection = shop(TENT, SAME_TENT)
    scan(collection=collection)
    with django_capture_on_commit_callbacks(execute=True):
        update_collection(collection=collection, duplicate_policy={"flag_threshold": 1.0})
    assert not the_pair(collection).is_flagged
    assert collection.runs.filter(state=RunState.RUNNING).count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        update_collection(collection=collection, name="Renamed")
        update_collection(collection=collection, duplicate_policy={})
    assert the_pair(collection).is_flagged
    assert collection.runs.filter(state=RunState.RUNNING).count() == 1


def test_impact_counts_the_pairs_to_review_at_either_item() -> None:
    collection = shop(TENT, SAME_TENT, {**TENT, "title": "Norrdal Sund 2 tent"})
    scan(collection=collection)
    found = DuplicatePair.objects.order_by("pk").values_list("impact", flat=True)
    assert list(found) == [3, 3, 3]  # a triangle: itself and one more at either end
    decide(pair=DuplicatePair.objects.earliest("pk"), decision="dismissed", actor=CURATOR)
    scan(collection=collection)
    left = DuplicatePair.objects.filter(state="suggested").values_list("impact", flat=True)
    assert list(left) == [2, 2]
