"""What is searched in a collection, by day and without anything of who searched."""

from __future__ import annotations

from typing import Final

from django.db import models

from catalog.models import Collection

MAX_COUNTED_LENGTH: Final = 80  # characters of a query: a longer one is a text of somebody's


class SearchCount(models.Model):
    """How many visitors searched for the same words on one day."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    query_text = models.CharField(max_length=MAX_COUNTED_LENGTH, help_text="In lower case, without surplus blanks.")
    visitors = models.PositiveIntegerField(default=1)
    is_found = models.BooleanField(help_text="Whether the last of these searches found something relevant.")

    class Meta:
        constraints = [
            # Writer: the next visitor who searches for the same; reader: what is searched lately.
            models.UniqueConstraint(name="search_count_unique", fields=["collection", "day", "query_text"])
        ]

    def __str__(self) -> str:
        return f"{self.query_text}: {self.visitors}"
