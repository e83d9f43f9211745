"""The admin's first page: whether everything is searchable, what waits for a person, and how good search is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from catalog.admin.scope import own_rows
from catalog.admin.site import duration, may
from catalog.models import Item, Run
from search.admin.evaluation.evaluation_run import MODES, own_evaluations, search_runs, shown_figure
from search.embedding.status import in_active_space
from search.models import DuplicatePair, EvaluationRun, ItemEmbedding, Suggestion
from search.models.duplicate import PairState
from search.models.embedding import EmbeddingState
from search.models.insight import SuggestionKind, SuggestionState

SHOWN_RUNS = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the dashboard, with where to see more."""

    name: str
    value: str
    address: str
    note: str = ""
    is_alarming: bool = False


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback. A person sees figures of those tables only that they may view."""
    figures: list[Figure] = []
    if may(request, "view", Item):
        figures.append(_items(own_rows(request, Item.objects.all())))
    if may(request, "view", ItemEmbedding):
        figures += _embeddings(own_rows(request, in_active_space()))
    if may(request, "view", DuplicatePair):
        figures.append(_pairs(own_rows(request, DuplicatePair.objects.all())))
    if may(request, "view", Suggestion):
        figures += _suggestions(own_rows(request, Suggestion.objects.all()))
    own_runs = own_rows(request, Run.objects.select_related("collection"))
    runs = own_runs[:SHOWN_RUNS] if may(request, "view", Run) else []
    evaluation = _evaluation(own_evaluations(request, search_runs())) if may(request, "view", EvaluationRun) else None
    return {**context, "title": "Overview", "figures": figures, "runs": runs, "evaluation": evaluation}


def _items(items: QuerySet[Item]) -> Figure:
    standing = items.filter(merged_into__isnull=True).order_by()
    counts = dict(standing.values_list("status").annotate(count=Count("pk")))
    merged = items.filter(merged_into__isnull=False).count()
    notes = [f"{count:,} {status}" for status, count in sorted(counts.items())] + [f"{merged:,} merged"] * (merged > 0)
    return Figure("Items", f"{sum(counts.values()):,}", reverse("admin:catalog_item_changelist"), ", ".join(notes))


def _embeddings(embeddings: QuerySet[ItemEmbedding]) -> list[Figure]:
    rows = embeddings.order_by()
    counts = dict(rows.values_list("state").annotate(count=Count("pk")))
    waiting = counts.get(EmbeddingState.PENDING, 0) + counts.get(EmbeddingState.CLAIMED, 0)
    failed = counts.get(EmbeddingState.FAILED, 0)
    hidden = rows.filter(state=EmbeddingState.EMBEDDED, item__merged_into__isnull=False).count()
    embedded = counts.get(EmbeddingState.EMBEDDED, 0) - hidden
    address = reverse("admin:search_itemembedding_changelist")
    return [
        Figure("Searchable by meaning", f"{embedded:,}", f"{address}?state__exact=embedded"),
        Figure("Waiting", f"{waiting:,}", f"{address}?state__exact=pending", f"oldest: {_lag(rows, waiting)}"),
        Figure("Failed", f"{failed:,}", f"{address}?state__exact=failed", is_alarming=failed > 0),
    ]


def _lag(rows: QuerySet[ItemEmbedding], waiting: int) -> str:
    if not waiting:
        return "none"
    unfinished = rows.filter(state__in=[EmbeddingState.PENDING, EmbeddingState.CLAIMED])
    oldest = unfinished.aggregate(oldest=Min("marked_at"))["oldest"]
    return duration((timezone.now() - oldest).total_seconds()) if oldest else "none"


def _pairs(pairs: QuerySet[DuplicatePair]) -> Figure:
    rows = pairs.filter(state=PairState.SUGGESTED).order_by()
    counts = dict(rows.values_list("is_flagged").annotate(count=Count("pk")))
    note = f"{counts.get(True, 0):,} flagged"
    address = reverse("admin:search_duplicatepair_changelist")
    return Figure("Pairs to review", f"{sum(counts.values()):,}", address, note)


def _suggestions(suggestions: QuerySet[Suggestion]) -> list[Figure]:
    """Nothing where nothing waits: not every collection has its values checked."""
    rows = suggestions.filter(state=SuggestionState.OPEN).order_by()
    counts = dict(rows.values_list("kind").annotate(count=Count("pk")))
    notes = [f"{counts[kind]:,} {kind.label.lower()}" for kind in SuggestionKind if kind in counts]
    address = reverse("admin:search_suggestion_changelist")
    return [Figure("Misfiled and missing", f"{sum(counts.values()):,}", address, ", ".join(notes))] if counts else []


def _evaluation(evaluations: QuerySet[EvaluationRun]) -> dict[str, Any] | None:
    run = evaluations.first()
    if run is None:
        return None
    return {"run": run, "figures": [(mode, shown_figure(run, mode, "ndcg_at_10")) for mode in MODES]}
