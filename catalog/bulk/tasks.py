"""Celery's door to changes of many items."""

from __future__ import annotations

from celery import shared_task

from catalog.bulk import runs


@shared_task(name="items.change_waiting", acks_late=True, ignore_result=True)
def change_waiting() -> None:
    """Carries out the changes that wait; beat sends it too, should a message or a process be lost."""
    runs.do_waiting()
