"""The audit of merges: what was merged, by whom, and all that is needed to undo it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from catalog.models.collection import Collection
from catalog.models.item import Item


class MergeRecord(models.Model):
    """One merge of `other` into `keeper`. `snapshot` holds what the merge changed, so that undoing restores it."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="merges")
    keeper = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    merged_by_name = models.CharField(max_length=200, blank=True, default="")
    merged_at = models.DateTimeField(auto_now_add=True)
    undone_by_name = models.CharField(max_length=200, blank=True, default="")
    undone_at = models.DateTimeField(null=True, blank=True)
    snapshot: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    # A later merge of the keeper does not rewrite who was merged into whom.
    stays_on_merge: ClassVar[bool] = True

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.other_id} into {self.keeper_id}"
