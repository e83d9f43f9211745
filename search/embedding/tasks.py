"""Celery's door to the embedding pipeline."""

from __future__ import annotations

from celery import shared_task

from search.embedding.queue import claims, pipeline, sweep, wakeup, worker
from search.embedding.spaces import backfills


@shared_task(name="embedding.embed_pending", acks_late=True, ignore_result=True)
def embed_pending() -> None:
    """Embeds what is due, and asks to be called again when that took longer than one task may."""
    pipeline.drain(should_stop=worker.is_stopping, call_another=wakeup.wake)
    _wake_if_due()


@shared_task(name="embedding.release_expired", ignore_result=True)
def release_expired() -> None:
    sweep.release_expired()
    backfills.refresh_running()
    _wake_if_due()


@shared_task(name="embedding.sweep", ignore_result=True)
def sweep_all() -> None:
    sweep.sweep()
    _wake_if_due()


def _wake_if_due() -> None:
    if not worker.is_stopping() and claims.has_due_work():
        wakeup.wake()
