"""How far a collection, an item or the whole catalog is with its embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind, RunState
from catalog.representation import EmbeddingOut
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace, ItemEmbedding
from search.models.embedding import EmbeddingState, Modality, SpaceState

MAX_RUNS = 10
WAITING = (EmbeddingState.PENDING, EmbeddingState.CLAIMED)


@dataclass(frozen=True, slots=True)
class CollectionStatus:
    """Counts of items in the space that answers queries, without merged ones. `lag_seconds`: the oldest one's wait."""

    items: int
    states: dict[str, int]
    space: EmbeddingSpace
    lag_seconds: float
    runs: list[Run]


def collection_status(collection: Collection, *, is_visible_only: bool = False) -> CollectionStatus:
    """The status of one collection, with its latest runs; drafts and archived items count unless left out."""
    space = active_space()
    embeddings = ItemEmbedding.objects.filter(space=space, collection=collection)
    items = Item.objects.filter(collection=collection)
    counted = items.visible() if is_visible_only else items.filter(merged_into__isnull=True)
    others = _states(embeddings.filter(item__in=items.exclude(pk__in=counted.values("pk"))))  # few, as a rule
    return CollectionStatus(
        items=counted.count(),
        states={state: count - others[state] for state, count in _states(embeddings).items()},
        space=space,
        lag_seconds=_lag(embeddings),
        runs=_runs(collection),
    )


def _runs(collection: Collection) -> list[Run]:
    """The latest runs of the collection, and the backfills under way, of which only its own items are counted."""
    backfills = list(Run.objects.filter(kind=RunKind.BACKFILL, state=RunState.RUNNING))
    for run in backfills:
        rows = ItemEmbedding.objects.filter(space__name=run.detail.get("space", ""), collection=collection)
        counts = _states(rows)
        run.total, run.done, run.failed = sum(counts.values()), counts["embedded"], counts["failed"]
    own = Run.objects.filter(collection=collection)[:MAX_RUNS]
    return sorted([*backfills, *own], key=lambda run: run.started_at, reverse=True)[:MAX_RUNS]


def in_active_space() -> QuerySet[ItemEmbedding]:
    """The rows that say whether an item can be found by meaning now."""
    return ItemEmbedding.objects.filter(space__state=SpaceState.ACTIVE, space__modality=Modality.TEXT)


def backlog() -> tuple[dict[str, int], float]:
    """Items of all collections by embedding state, and how many seconds the oldest one has waited."""
    embeddings = in_active_space()
    return _states(embeddings), _lag(embeddings)


def item_embeddings(item_ids: Sequence[int]) -> dict[int, EmbeddingOut]:
    """The state of each item in the space that answers queries."""
    rows = (
        in_active_space()
        .filter(item__in=item_ids)
        .only("item_id", "state", "attempts", "error_class", "error_message", "embedded_at")
    )
    return {row.item_id: _embedding_out(row) for row in rows}


def _embedding_out(row: ItemEmbedding) -> EmbeddingOut:
    error = f"{row.error_class}: {row.error_message}" if row.error_class else None
    return EmbeddingOut(state=row.state, attempts=row.attempts, error=error, embedded_at=row.embedded_at)


def _states(embeddings: QuerySet[ItemEmbedding]) -> dict[str, int]:
    counts = dict(embeddings.order_by().values_list("state").annotate(count=Count("id")))
    return {state.value: counts.get(state.value, 0) for state in EmbeddingState}


def _lag(embeddings: QuerySet[ItemEmbedding]) -> float:
    oldest = embeddings.filter(state__in=WAITING).aggregate(oldest=Min("marked_at"))["oldest"]
    return 0.0 if oldest is None else max((timezone.now() - oldest).total_seconds(), 0.0)
