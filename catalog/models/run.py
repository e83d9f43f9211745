"""A run: long work on a collection that can be watched, cancelled and found again after a restart."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from catalog.models.collection import Collection


class RunState(models.TextChoices):
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class RunKind(models.TextChoices):
    IMPORT = "import", "Import"
    BACKFILL = "backfill", "Backfill"
    REINDEX = "reindex", "Reindex"
    DUPLICATE_SCAN = "duplicate_scan", "Duplicate scan"
    COMPARISON = "comparison", "Comparison"
    TOPICS = "topics", "Topics"
    MAP = "map", "Map"
    MISFILED = "misfiled", "Search for misfiled items"
    TAGS = "tags", "Suggestions of values"
    INTEREST = "interest", "What people take to"
    CHANGE = "change", "Change of items"


# Nobody fails these for their silence: what waits is taken up, and what a dead process left is taken up again.
RESUMED_KINDS = (
    RunKind.BACKFILL,
    RunKind.TOPICS,
    RunKind.MAP,
    RunKind.MISFILED,
    RunKind.TAGS,
    RunKind.INTEREST,
    RunKind.CHANGE,
)


class Run(models.Model):
    """Progress of one import, backfill, reindex or scan, counted in items."""

    kind = models.CharField(max_length=20, choices=RunKind)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, null=True, blank=True, related_name="runs")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    total = models.PositiveIntegerField(null=True, blank=True, help_text="Items to do; empty while unknown.")
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    cancel_requested = models.BooleanField(default=False)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [
            # Reader: the runs that are shown in a collection's status.
            models.Index(name="run_collection_started", fields=["collection", "-started_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.collection or 'everything'}"

    @property
    def rate(self) -> float | None:
        """Items done a second since the start, or None before the first second."""
        end = self.finished_at or self.heartbeat_at
        elapsed = (end - self.started_at).total_seconds()
        return self.done / elapsed if elapsed >= 1 else None

    @property
    def seconds_left(self) -> float | None:
        if self.state != RunState.RUNNING or self.total is None or not self.rate:
            return None
        return max(self.total - self.done - self.failed, 0) / self.rate
