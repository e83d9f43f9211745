"""What a scan for duplicates that is under way has done so far."""

from __future__ import annotations

from django.db import models

from catalog.models import Collection


class ComparedPart(models.Model):
    """Pairs that a scan has compared. When it is killed the next one goes on from them; a finished one removes them."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.BinaryField(help_text="Of all that the pairs were compared by: items, rules, weights.")
    lists = models.PositiveIntegerField(help_text="Lists of neighbours that were done by then.")
    pairs = models.BinaryField(help_text="Numbers of two items and log-odds of each: see comparing.kept_pairs.")

    def __str__(self) -> str:
        return f"Part {self.pk} of a scan of {self.collection_id}"
