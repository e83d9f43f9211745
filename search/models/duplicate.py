"""Pairs of items that may be the same thing, and what people decided about them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from catalog.models import Collection, Item


class PairState(models.TextChoices):
    SUGGESTED = "suggested", "Suggested"
    CONFIRMED = "confirmed", "The same"
    DISMISSED = "dismissed", "Not the same"


class DuplicatePair(models.Model):
    """An ordered pair (`first` has the smaller id). A decision holds for the texts whose digests it carries."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="duplicate_pairs")
    first = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()
    is_flagged = models.BooleanField(help_text="Above the flag threshold; else only suggested.")
    evidence: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=PairState, default=PairState.SUGGESTED)
    is_changed = models.BooleanField(default=False, help_text="Offered again because a text changed.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    first_digest = models.BinaryField()
    second_digest = models.BinaryField()
    found_at = models.DateTimeField(auto_now_add=True)
    scored_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(name="duplicate_pair_unique", fields=["first", "second"]),
            models.CheckConstraint(name="duplicate_pair_ordered", condition=Q(first__lt=F("second"))),
            models.CheckConstraint(name="duplicate_pair_score_range", condition=Q(score__gte=0, score__lte=1)),
            models.CheckConstraint(name="duplicate_pair_state_known", condition=Q(state__in=PairState.values)),
        ]
        indexes = [
            # Reader: the review queue, best first.
            models.Index(name="duplicate_pair_queue", fields=["collection", "state", "-score", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} ~ {self.second_id}: {self.score:.2f}"
