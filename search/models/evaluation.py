"""Judged queries of collections, and stored figures of search quality: a trend can be seen, two states compared."""

from __future__ import annotations

from typing import Any

from django.db import models

from catalog.models import Collection


class JudgedSet(models.Model):
    """Queries of a standing collection with the grades of its items: what a new model is judged by."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="judged_sets")
    name = models.CharField(max_length=200)
    queries: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        help_text="Objects with id, text and grades, an object with the grade of each judged external id."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["collection", "name"]
        constraints = [models.UniqueConstraint(name="judged_set_unique", fields=["collection", "name"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.collection.slug})"


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
