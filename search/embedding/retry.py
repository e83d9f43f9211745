"""Trying again what failed, because a person asked for it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from search.embedding import wakeup
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState

RETRIED_STATES = (EmbeddingState.FAILED, EmbeddingState.PENDING)


def retry(rows: QuerySet[ItemEmbedding]) -> int:
    """Makes the failed and waiting rows due now, with all their attempts, and returns how many these are.

    Rows that a worker holds or that are embedded stay as they are. The last error stays until the next attempt ends.
    """
    with transaction.atomic():
        due = ItemEmbedding.objects.filter(pk__in=rows.order_by().values("pk"), state__in=RETRIED_STATES)
        count = due.update(state=EmbeddingState.PENDING, attempts=0, next_attempt_at=Now())
        transaction.on_commit(wakeup.wake)
    return count
