"""Asking for a scan of a collection, as a run that a worker does."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Collection, Run
from catalog.models.run import RunState
from catalog.signals import duplicate_policy_changed
from search.duplicates.comparing.scan import WAITS_AT_MOST, ScanRuns, scan, start_scan, waiting_scan
from search.duplicates.rules import rules_of
from search.messages import send
from search.models import DuplicatePair
from search.models.duplicate import PairState

# Whatever becomes of the message, beat finds these items, and does the scan that waits for them.
FORGET_CHECKED = "UPDATE search_itemembedding SET checked_digest = NULL WHERE collection_id = %s"


def connect() -> None:
    """Listens to changes of collections' policies, whoever makes them."""
    duplicate_policy_changed.connect(_on_policy, dispatch_uid="search.duplicates.comparing.rescan")


def queue_scan(*, collection: Collection, user_id: int | None = None) -> Run:
    """The run of a scan that a worker takes up; one that waits already is that run."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGET_CHECKED, [collection.pk])
        waiting = waiting_scan(collection)
        if waiting is not None:
            if waiting.started_by_id is None and user_id is not None:
                Run.objects.filter(pk=waiting.pk).update(started_by_id=user_id)
            return waiting
        run = start_scan(collection=collection, user_id=user_id)
        transaction.on_commit(lambda: send("duplicates.scan", run.pk, expires=None))
    return run


def take_up(run: Run) -> bool:
    """Does the scan; False while another process writes the pairs. A run that waited for too long has failed."""
    if run.collection is None:
        return True
    try:
        scan(collection=run.collection, run=run)
    except ScanRuns:
        if run.started_at >= timezone.now() - WAITS_AT_MOST:
            return False
        run.state, run.finished_at = RunState.FAILED, timezone.now()
        run.save()
    return True


def flag_anew(collection: Collection) -> int:
    """Undecided pairs that are stored follow the thresholds at once; returns how many changed their flag."""
    rules = rules_of(collection)
    undecided = DuplicatePair.objects.filter(collection=collection, state=PairState.SUGGESTED)
    now_flagged = undecided.filter(is_flagged=False, score__gte=rules.flag).update(is_flagged=True)
    now_not = undecided.filter(is_flagged=True, score__lt=rules.flag).update(is_flagged=False)
    return now_flagged + now_not


def _on_policy(sender: Any, *, collection: Collection, **kwargs: Any) -> None:
    flag_anew(collection)
    queue_scan(collection=collection)
