"""Celery's door to uploads."""

from __future__ import annotations

from celery import shared_task

from catalog.uploads.store import forget_old


@shared_task(name="uploads.forget_old", ignore_result=True)
def forget_old_uploads() -> None:
    forget_old()
