"""Runs in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Run
from catalog.models.run import RunKind, RunState
from tests.admin_people import charlie, curator

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/run/"


def make(**values: object) -> Run:
    run = Run.objects.create(kind=RunKind.IMPORT, **values)
    Run.objects.filter(pk=run.pk).update(
        started_at=timezone.now() - timedelta(seconds=100), heartbeat_at=timezone.now()
    )
    return run


def test_the_list_shows_progress_rate_and_time_left() -> None:
    make(total=1_000, done=400, failed=100)
    page = curator().get(LIST).content.decode()
    assert "500 of 1,000" in page
    assert 'width="50"' in page
    assert "4 items/s" in page
    assert "2 min" in page


def test_a_run_of_unknown_size_or_of_none_is_shown() -> None:
    make(done=7)
    make(total=0)
    page = curator().get(LIST).content.decode()
    assert "7 items" in page
    assert "0 of 0" in page


def test_a_running_run_is_cancelled_and_a_finished_one_is_not() -> None:
    running, finished = make(), make(state=RunState.FINISHED)
    browser = curator()
    response = browser.post(LIST, {"action": "cancel", "_selected_action": [running.pk, finished.pk]}, follow=True)
    running.refresh_from_db()
    finished.refresh_from_db()
    assert (running.cancel_requested, finished.cancel_requested) == (True, False)
    page = response.content.decode()
    assert "1 runs will stop" in page
    assert "Stopping" in page


def test_runs_are_not_edited_and_charlie_cancels_nothing() -> None:
    run = make()
    browser = curator()
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(f"{LIST}{run.pk}/change/", {"done": 5}).status_code == 403
    assert charlie().post(LIST, {"action": "cancel", "_selected_action": [run.pk]}).status_code == 403
    run.refresh_from_db()
    assert not run.cancel_requested
