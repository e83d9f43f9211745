"""Celery's door to insight."""

from __future__ import annotations

from celery import shared_task

from catalog.models.run import RunKind
from search.insight import runs
from search.insight.interest import events
from search.insight.interest import learning as interest
from search.insight.map import computing as maps
from search.insight.misfiled import finding as misfiled
from search.insight.tags import learning as tags
from search.insight.topics import computing
from search.insight.topics import work as topics
from search.insight.trends import searches

WORK: dict[RunKind, runs.Work] = {
    RunKind.TOPICS: topics.work,
    RunKind.TAGS: tags.work,
    RunKind.MISFILED: misfiled.work,
    RunKind.INTEREST: interest.work,
    RunKind.MAP: maps.work,
}


# A large collection takes longer than other tasks may. Should a message come again meanwhile, each run has a lock.
LONGEST = 6 * 3600  # seconds


@shared_task(name="insight.do_waiting", ignore_result=True, soft_time_limit=LONGEST, time_limit=LONGEST + 60)
def do_waiting() -> None:
    """Carries out the runs that wait; beat sends it too, should a message or a process be lost."""
    runs.do_waiting(WORK)


@shared_task(name="insight.keep_current", ignore_result=True)
def keep_current() -> None:
    """New items get their topic at once; topics that are out of date are asked for."""
    computing.place_new_items()
    maps.place_new_items()
    topics.ask_where_due()
    interest.ask_where_due()


@shared_task(name="insight.forget_events", ignore_result=True)
def forget_events() -> None:
    """Events and counts of searches are kept no longer than their collection says."""
    events.forget_old()
    searches.forget_old()
