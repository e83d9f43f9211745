"""Runs in the admin: how far long work is, and the way to stop it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from catalog.admin.scope import OfCollections
from catalog.admin.site import Derived, ModelAdmin, badge, bar, duration, may
from catalog.models import Run
from catalog.models.run import RunState
from catalog.services.runs import cancel_runs

STATE_COLOURS = {
    RunState.RUNNING.label: "info",
    RunState.FINISHED.label: "success",
    RunState.CANCELLED.label: "warning",
    RunState.FAILED.label: "danger",
    "Stopping": "warning",
}


@admin.register(Run)
class RunAdmin(OfCollections, Derived, ModelAdmin[Run]):
    list_display = (
        "name",
        "shown_state",
        "progress",
        "failed",
        "shown_rate",
        "time_left",
        "started_at",
        "started_by",
    )
    list_filter = ("kind", "state", "collection")
    list_select_related = ("collection", "started_by")
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ()
    actions = ("cancel",)

    @admin.display(description="Run")
    def name(self, run: Run) -> str:
        return str(run)

    @badge("State", STATE_COLOURS)
    def shown_state(self, run: Run) -> str:
        is_stopping = run.cancel_requested and run.state == RunState.RUNNING
        return "Stopping" if is_stopping else run.get_state_display()

    @admin.display(description="Progress")
    def progress(self, run: Run) -> str | SafeString:
        handled = run.done + run.failed
        if run.total is None:
            return f"{handled:,} items"
        return bar(handled / run.total if run.total else 1, f"{handled:,} of {run.total:,}")

    @admin.display(description="Rate")
    def shown_rate(self, run: Run) -> str:
        return f"{run.rate:,.0f} items/s" if run.rate else "–"

    @admin.display(description="Time left")
    def time_left(self, run: Run) -> str:
        return duration(run.seconds_left)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return may(request, "change", Run)

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        cancelled = cancel_runs(runs=queryset)
        for run in cancelled:
            self.log_change(request, run, "Cancellation asked for.")
        self.message_user(request, f"{len(cancelled)} runs will stop after the batch they are at.")
