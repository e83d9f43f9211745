"""Trying again what failed, because a person or a program asked for it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from catalog.models import Collection
from search.embedding.queue import wakeup
from search.models import ItemEmbedding
from search.models.embedding import LIVE_STATES, EmbeddingState

RETRIED_STATES = (EmbeddingState.FAILED, EmbeddingState.PENDING)


def unsuccessful(
    *, collection: Collection | None = None, external_ids: Sequence[str] | None = None
) -> QuerySet[ItemEmbedding]:
    """The rows that failed, and those that wait for their next attempt: of all collections or one, or of some items."""
    tried = Q(state=EmbeddingState.FAILED) | Q(state=EmbeddingState.PENDING, attempts__gt=0)
    rows = ItemEmbedding.objects.filter(tried, space__state__in=LIVE_STATES)
    if collection is not None:
        rows = rows.filter(collection=collection)
    if external_ids is not None:
        rows = rows.filter(item__external_id__in=external_ids)
    return rows


def retry(rows: QuerySet[ItemEmbedding]) -> int:
    """Makes the failed and waiting rows due now, with all their attempts, and returns how many these are.

    Rows that a worker holds or that are embedded stay as they are. The last error stays until the next attempt ends.
    """
    with transaction.atomic():
        due = ItemEmbedding.objects.filter(pk__in=rows.order_by().values("pk"), state__in=RETRIED_STATES)
        locked = due.order_by("pk").select_for_update(skip_locked=True)
        count = ItemEmbedding.objects.filter(pk__in=locked.values("pk")).update(
            state=EmbeddingState.PENDING, attempts=0, next_attempt_at=Now()
        )
        transaction.on_commit(wakeup.wake)
    return count


def embed_again(*, item_ids: Sequence[int]) -> int:
    """Has the items embedded anew although their texts are the same, and returns how many rows wait for it now.

    Until then their vectors stay, so the items are found meanwhile. What a worker holds is left to it.
    """
    with transaction.atomic():
        rows = ItemEmbedding.objects.filter(item__in=item_ids, space__state__in=LIVE_STATES)
        locked = rows.exclude(state=EmbeddingState.CLAIMED).order_by("pk").select_for_update(skip_locked=True)
        count = ItemEmbedding.objects.filter(pk__in=locked.values("pk")).update(
            state=EmbeddingState.PENDING, attempts=0, digest=None, next_attempt_at=Now(), marked_at=Now()
        )
        transaction.on_commit(wakeup.wake)
    return count
