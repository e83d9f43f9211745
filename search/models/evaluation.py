"""Stored figures of search quality, so that a trend can be seen and two states compared."""

from __future__ import annotations

from typing import Any

from django.db import models


class EvaluationRun(models.Model):
    """The figures of one evaluation of one judged set, with the configuration that gave them."""

    dataset = models.CharField(max_length=200)
    configuration: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    figures: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    gains: models.JSONField[dict[str, dict[str, float]], dict[str, dict[str, float]]] = models.JSONField(
        default=dict, help_text="nDCG@10 of each query in each mode: what two runs are compared by."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.dataset} at {self.created_at:%Y-%m-%d %H:%M}"
