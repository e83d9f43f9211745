"""Evaluation runs in the admin: the figures of search quality, and whether they rise or fall."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from catalog.admin.site import Derived, ModelAdmin
from search.admin.chart import Chart, draw
from search.models import EvaluationRun

MODES = ("hybrid", "semantic", "lexical")
MAX_RUNS = 200  # of all sets together, in the charts
MAX_CHARTS = 6


@admin.register(EvaluationRun)
class EvaluationRunAdmin(Derived, ModelAdmin[EvaluationRun]):
    list_display = ("dataset", "created_at", "hybrid", "semantic", "lexical", "recall", "latency")
    list_filter = ("dataset",)
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ("dataset", "created_at")
    list_before_template = "admin/search/evaluationrun/_charts.html"

    @admin.display(description="Hybrid nDCG@10")
    def hybrid(self, run: EvaluationRun) -> str:
        interval = figure_of(run, "hybrid").get("ci95")
        shown = shown_figure(run, "hybrid", "ndcg_at_10")
        return f"{shown} ({interval[0]:.3f} to {interval[1]:.3f})" if interval else shown

    @admin.display(description="Semantic")
    def semantic(self, run: EvaluationRun) -> str:
        return shown_figure(run, "semantic", "ndcg_at_10")

    @admin.display(description="Lexical")
    def lexical(self, run: EvaluationRun) -> str:
        return shown_figure(run, "lexical", "ndcg_at_10")

    @admin.display(description="Hybrid recall@100")
    def recall(self, run: EvaluationRun) -> str:
        return shown_figure(run, "hybrid", "recall_at_100")

    @admin.display(description="Hybrid p50 / p95")
    def latency(self, run: EvaluationRun) -> str:
        figures = figure_of(run, "hybrid")
        return f"{figures['p50_ms']:.1f} / {figures['p95_ms']:.1f} ms" if "p95_ms" in figures else "–"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        charts = trends() if self.has_view_permission(request) else []
        return super().changelist_view(request, {**(extra_context or {}), "charts": charts})


def figure_of(run: EvaluationRun, mode: str) -> dict[str, Any]:
    """The figures of one mode; empty when the run has none."""
    figures = run.figures.get("modes", run.figures).get(mode)
    return figures if isinstance(figures, dict) else {}


def shown_figure(run: EvaluationRun, mode: str, name: str) -> str:
    value = figure_of(run, mode).get(name)
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def trends() -> list[Chart]:
    """One chart of nDCG@10 for each judged set, the one evaluated last first."""
    runs_of: dict[str, list[EvaluationRun]] = defaultdict(list)
    for run in EvaluationRun.objects.defer("configuration")[:MAX_RUNS]:
        runs_of[run.dataset].append(run)
    return [
        draw(dataset, {mode: [figure_of(run, mode).get("ndcg_at_10") for run in reversed(runs)] for mode in MODES})
        for dataset, runs in list(runs_of.items())[:MAX_CHARTS]
    ]
