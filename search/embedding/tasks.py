"""Celery's door to the embedding pipeline."""

from __future__ import annotations

from celery import shared_task

from search.embedding import pipeline, sweep, wakeup


@shared_task(name="embedding.embed_pending", queue="embedding", acks_late=True, ignore_result=True)
def embed_pending() -> None:
    """Embeds what is due, and asks to be called again when that took longer than one task may."""
    pipeline.drain()
    if sweep.has_due_work():
        wakeup.wake()


@shared_task(name="embedding.release_expired", queue="default", ignore_result=True)
def release_expired() -> None:
    sweep.release_expired()
    if sweep.has_due_work():
        wakeup.wake()


@shared_task(name="embedding.sweep", queue="default", ignore_result=True)
def sweep_all() -> None:
    sweep.sweep()
    if sweep.has_due_work():
        wakeup.wake()

