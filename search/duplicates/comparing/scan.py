"""Looks through a whole collection for duplicates, as a run that can be watched and stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from catalog import locks
from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind, RunState
from catalog.services.runs import carried_out
from search.duplicates.calibration.estimate import expect
from search.duplicates.calibration.tuning import calibration_in_use, scorer_of
from search.duplicates.comparing import finding, kept_pairs, pair_store, word_counts
from search.duplicates.comparing.finding import Findings
from search.duplicates.evidence.scorer import to_log_odds
from search.duplicates.rules import rules_of
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace

logger = logging.getLogger(__name__)

WAITS_AT_MOST = timedelta(hours=1)  # a run that nobody took up by then was lost

MARK_CHECKED = """
    UPDATE search_itemembedding e SET checked_digest = e.digest
    WHERE e.collection_id = %(collection)s AND e.space_id = %(space)s AND e.state = 'embedded'
      AND NOT (checked_digest = digest AND checked_digest IS NOT NULL AND digest IS NOT NULL)
      AND (%(all)s OR EXISTS (
          SELECT 1 FROM unnest(%(ids)s::bigint[], %(digests)s::bytea[]) AS seen(item_id, digest)
          JOIN catalog_item i ON i.id = seen.item_id
          WHERE seen.item_id = e.item_id AND akin_embedded_digest(seen.digest, i.attribute_texts) = e.digest))
"""


class ScanRuns(Exception):
    """Another process is at the pairs of this collection."""


def start_scan(*, collection: Collection, user_id: int | None = None) -> Run:
    """The run of a scan that a worker is to do; see `search.duplicates.tasks.scan`."""
    return Run.objects.create(kind=RunKind.DUPLICATE_SCAN, collection=collection, started_by_id=user_id)


def waiting_scan(collection: Collection) -> Run | None:
    """The run of a scan that was asked for, and that nobody has taken up yet."""
    return Run.objects.filter(
        kind=RunKind.DUPLICATE_SCAN,
        collection=collection,
        state=RunState.RUNNING,
        total__isnull=True,
        started_at__gte=timezone.now() - WAITS_AT_MOST,
    ).first()


def scan(
    *, collection: Collection, run: Run | None = None, on_progress: Callable[[float], None] = lambda share: None
) -> Findings | None:
    """Finds and stores the pairs of the collection; returns what it found, or None when it was cancelled or
    the policy switches duplicates off.

    Raises ScanRuns when the collection is being scanned already; the run is untouched then.
    """
    with pairs_lock(collection) as is_mine:
        if not is_mine:
            raise ScanRuns(f"The pairs of '{collection.slug}' are being written by another process.")
        run = run or waiting_scan(collection) or start_scan(collection=collection)
        _give_up_dead_runs(run)
        return _run(collection, run, on_progress)


def _run(collection: Collection, run: Run, on_progress: Callable[[float], None]) -> Findings | None:
    """Scans, and says in the run what became of it."""
    findings = None
    with carried_out(run) as progress:

        def report(phase: str, share: float) -> None:
            on_progress(min(share, 1.0))
            progress(int((run.total or 0) * min(share, 1.0)), phase=phase)

        findings = _scan(collection, run, report)
    return findings  # noqa: RET504 - a cancelled scan leaves the block, too


def _scan(collection: Collection, run: Run, report: finding.OnProgress) -> Findings | None:
    rules, space, since = rules_of(collection), active_space(), database_time()
    run.total = Item.objects.visible().filter(collection=collection).count()
    if not rules.is_enabled:
        pair_store.replace_pairs(collection, [], since=since)
        mark_checked(collection, space)
        return None
    is_calibrated = calibration_in_use(collection) is not None
    findings = finding.find(collection, space, rules, scorer_of(collection), report, is_calibrated=is_calibrated)
    found = list(findings.pairs(rules.suggest))
    flag = to_log_odds(rules.flag)
    expected = expect(total for total in findings.settled.total.values() if total >= flag)
    word_counts.keep(collection, findings.statistics, findings.clean, findings.estimate, expected)
    pair_store.replace_pairs(collection, found, since=since)
    mark_checked(collection, space, [(record.item_id, record.digest) for record in findings.records])
    kept_pairs.forget(collection)
    run.done = run.total
    flagged = sum(pair.is_flagged for pair in found)
    variants = sum(pair.is_variant for pair in found)
    run.detail = {
        "compared": len(findings.settled.own),
        "flagged": flagged,
        "suggested": len(found) - flagged - variants,
        "variants": variants,
    }
    return findings


def pairs_lock(collection: Collection) -> AbstractContextManager[bool]:
    """Whether this process alone may write the collection's pairs."""
    return locks.tried(locks.Lock.DUPLICATES, collection.pk)


def _give_up_dead_runs(run: Run) -> None:
    """Whoever holds the lock is the only scan: other running ones died with their process."""
    Run.objects.filter(
        kind=RunKind.DUPLICATE_SCAN, collection=run.collection, state=RunState.RUNNING, done__gt=0
    ).exclude(pk=run.pk).update(state=RunState.FAILED, finished_at=timezone.now())


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def mark_checked(
    collection: Collection, space: EmbeddingSpace, seen: Sequence[tuple[int, bytes]] | None = None
) -> None:
    """These items, with the digests of the texts that were compared, are done; None stands for all there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            MARK_CHECKED,
            {
                "collection": collection.pk,
                "space": space.pk,
                "all": seen is None,
                "ids": [item_id for item_id, _ in seen or ()],
                "digests": [digest for _, digest in seen or ()],
            },
        )
