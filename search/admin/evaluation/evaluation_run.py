"""Evaluation runs in the admin: the figures of search quality, and whether they rise or fall."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from catalog.access import acts_everywhere
from catalog.admin.scope import own_collections
from catalog.admin.site import Derived, ModelAdmin
from search.admin.evaluation.chart import Chart, draw
from search.errors import EvaluationError
from search.evaluation.runs import compare_runs
from search.models import EvaluationRun

MODES = ("hybrid", "semantic", "lexical")
MAX_RUNS = 200  # of all sets together, in the charts
MAX_CHARTS = 6


@admin.register(EvaluationRun)
class EvaluationRunAdmin(Derived, ModelAdmin[EvaluationRun]):
    list_display = ("dataset", "created_at", "hybrid", "semantic", "lexical", "recall", "latency", "pairs", "setup")
    list_filter = ("dataset",)
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ("dataset", "created_at")
    actions = ("compare",)
    list_before_template = "admin/search/evaluationrun/_charts.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaluationRun]:
        return own_evaluations(request, super().get_queryset(request))

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

    @admin.display(description="Duplicates F1")
    def pairs(self, run: EvaluationRun) -> str:
        return shown_figure(run, "flagged", "f1")

    @admin.display(description="Setup")
    def setup(self, run: EvaluationRun) -> str:
        shown = {name: value for name, value in run.configuration.items() if name != "comparison" and value}
        return ", ".join(f"{name} {value}" for name, value in shown.items()) or "–"

    @admin.action(description="Compare two runs")
    def compare(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> HttpResponse | None:
        """Query by query, so that a difference is told from chance."""
        runs = list(queryset.order_by("created_at", "id")[:3])
        if len(runs) != 2:
            self.message_user(request, "Choose exactly two runs of one judged set.", messages.ERROR)
            return None
        try:
            tests = compare_runs(before=runs[0], after=runs[1])
        except EvaluationError as error:
            self.message_user(request, error.message, messages.ERROR)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"{runs[0].dataset}: two runs compared",
            "opts": self.opts,
            "before": runs[0],
            "after": runs[1],
            "rows": [(mode, figure_of(runs[0], mode), figure_of(runs[1], mode), test) for mode, test in tests.items()],
        }
        return TemplateResponse(request, "admin/search/evaluationrun/compare.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        charts = (
            trends(own_evaluations(request, EvaluationRun.objects.all())) if self.has_view_permission(request) else []
        )
        return super().changelist_view(request, {**(extra_context or {}), "charts": charts})


def figure_of(run: EvaluationRun, part: str) -> dict[str, Any]:
    """The figures of one mode of search, or of the flagged pairs; empty when the run has none."""
    figures = run.figures.get("modes", run.figures).get(part)
    return figures if isinstance(figures, dict) else {}


def shown_figure(run: EvaluationRun, part: str, name: str) -> str:
    value = figure_of(run, part).get(name)
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def search_runs() -> QuerySet[EvaluationRun]:
    """The runs that measured search."""
    return EvaluationRun.objects.exclude(figures__has_key="flagged")


def own_evaluations(request: HttpRequest, runs: QuerySet[EvaluationRun]) -> QuerySet[EvaluationRun]:
    """Those on the person's collections, which a run names by slug. Others are for those who act in all collections."""
    if acts_everywhere(request.user):
        return runs
    return runs.filter(configuration__collection__in=list(own_collections(request).values_list("slug", flat=True)))


def trends(evaluations: QuerySet[EvaluationRun]) -> list[Chart]:
    """A chart for each judged set, the one evaluated last first. Comparisons of two models are no trend."""
    runs_of: dict[tuple[str, bool], list[EvaluationRun]] = defaultdict(list)
    for run in evaluations.exclude(configuration__has_key="comparison")[:MAX_RUNS]:
        runs_of[run.dataset, "flagged" in run.figures].append(run)
    return [
        _chart(dataset, "flagged pairs, F1", ("flagged",), "f1", runs)
        if is_pairs
        else _chart(dataset, "nDCG@10", MODES, "ndcg_at_10", runs)
        for (dataset, is_pairs), runs in list(runs_of.items())[:MAX_CHARTS]
    ]


def _chart(dataset: str, measure: str, parts: Sequence[str], name: str, runs: Sequence[EvaluationRun]) -> Chart:
    series = {part: [figure_of(run, part).get(name) for run in reversed(runs)] for part in parts}
    return draw(f"{dataset}: {measure}", series)
