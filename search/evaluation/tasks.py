"""Celery's door to the evaluation."""

from __future__ import annotations

from celery import shared_task

from search.evaluation.comparing import do_waiting


@shared_task(name="evaluation.compare_waiting", ignore_result=True)
def compare_waiting() -> None:
    """Does the comparisons of spaces that people asked for; beat sends it too, should the first message be lost."""
    do_waiting()
