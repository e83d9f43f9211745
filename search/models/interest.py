"""What people did with items, and what follows from all of them for each item."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from catalog.models import Collection, Item

MAX_SUBJECT_LENGTH = 120  # characters


class EventKind(models.TextChoices):
    VIEW = "view", "Looked at"
    CLICK = "click", "Opened from a list"
    LIKE = "like", "Liked"
    HIDE = "hide", "Hidden"


class Event(models.Model):
    """What one subject did with one item: a row for each kind, with the latest time and how often.

    The subject is `user:` with an id, `session:` with a random word, or `api:` with what a program calls a person.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    subject = models.CharField(max_length=MAX_SUBJECT_LENGTH)
    kind = models.CharField(max_length=10, choices=EventKind)
    at = models.DateTimeField(help_text="The latest time.")
    times = models.PositiveIntegerField(default=1, db_default=1)
    recorded_at = models.DateTimeField()

    stays_on_merge: ClassVar[bool] = True

    class Meta:
        constraints = [
            # Writer: the same thing done again is the same row.
            models.UniqueConstraint(name="event_unique", fields=["subject", "item", "kind"]),
            models.CheckConstraint(name="event_kind_known", condition=Q(kind__in=EventKind.values)),
        ]
        indexes = [
            # Reader: what one subject did lately.
            models.Index(name="event_subject", fields=["collection", "subject", "-at"]),
            # Reader: what is kept too long.
            models.Index(name="event_age", fields=["collection", "at"]),
            # Reader: whether anything came since the last run.
            models.Index(name="event_recorded", fields=["collection", "-recorded_at"]),
            # Reader: what goes with a deleted item.
            models.Index(name="event_item", fields=["item"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.item_id}"


class ItemAudience(models.Model):
    """What the events of all people say of an item: how popular it is, and which others the same people took to."""

    item = models.OneToOneField(
        Item, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="+"
    )
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    popularity = models.FloatField(help_text="People, the latest counting most.")
    fellows = ArrayField(models.BigIntegerField(), help_text="Items that the same people took to, the nearest first.")
    weights = ArrayField(models.FloatField(), help_text="How near each of them is, between 0 and 1.")

    stays_on_merge: ClassVar[bool] = True

    class Meta:
        # Reader: what is popular in a collection.
        indexes = [models.Index(name="item_audience_popular", fields=["collection", "-popularity"])]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.popularity:.1f}"
