"""What Akin finds in a collection as a whole: topics, places on a map, and suggestions that people decide on."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from pgvector.django import VectorField

from catalog.models import Collection, Item
from search.models.change import change_triggers
from search.models.embedding import EmbeddingSpace


class TopicLevel(models.IntegerChoices):
    COARSE = 0, "Coarse"
    FINE = 1, "Fine"


class Topic(models.Model):
    """Items about one thing. Fine topics lie in a coarse one; a person may rename a topic, or merge it into another."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="topics")
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="+")
    level = models.PositiveSmallIntegerField(choices=TopicLevel)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged")
    name = models.CharField(max_length=200, help_text="From its distinctive words.")
    given_name = models.CharField(max_length=200, blank=True, default="", help_text="From a person; it stays.")
    words: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    centroid = VectorField()
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["level", "id"]
        constraints = [
            models.CheckConstraint(name="topic_level_known", condition=Q(level__in=TopicLevel.values)),
        ]
        indexes = [models.Index(name="topic_collection", fields=["collection", "level"])]
        triggers = change_triggers("topic")

    def __str__(self) -> str:
        return self.given_name or self.name


class ItemTopic(models.Model):
    """The fine topic of an item: the one whose centroid is nearest."""

    item = models.OneToOneField(
        Item, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="topic_row"
    )
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="item_rows")
    similarity = models.FloatField(help_text="Cosine of the item to the topic's centroid.")
    digest = models.BinaryField(null=True, help_text="Of the text whose vector was read.")

    stays_on_merge: ClassVar[bool] = True

    class Meta:
        indexes = [
            # Reader: a topic's page, most typical items first.
            models.Index(name="item_topic_typical", fields=["topic", "-similarity"]),
            # Reader: which items of a collection have a topic.
            models.Index(name="item_topic_collection", fields=["collection"]),
        ]
        triggers = change_triggers("item_topic")

    def __str__(self) -> str:
        return f"{self.item_id}: {self.topic_id}"


class ItemPlace(models.Model):
    """Where an item lies on its collection's map, between -1 and 1 in both directions."""

    item = models.OneToOneField(
        Item, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="place_row"
    )
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    x = models.FloatField()
    y = models.FloatField()

    stays_on_merge: ClassVar[bool] = True

    class Meta:
        # Reader: the map of a collection.
        indexes = [models.Index(name="item_place_collection", fields=["collection"])]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.x:.3f}, {self.y:.3f}"


class SuggestionKind(models.TextChoices):
    MISFILED = "misfiled", "Misfiled"
    OUTLIER = "outlier", "Far from everything"
    TAG = "tag", "Value missing"


class SuggestionState(models.TextChoices):
    OPEN = "open", "To review"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"


class Suggestion(models.Model):
    """One thing about an item that a person should look at. What was decided stays decided for the same suggestion."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="suggestions")
    item = models.ForeignKey(Item, on_delete=models.DO_NOTHING, db_constraint=False, related_name="suggestions")
    kind = models.CharField(max_length=10, choices=SuggestionKind)
    attribute = models.CharField(max_length=64, blank=True, default="")
    present = models.TextField(blank=True, default="", help_text="The value that the item has.")
    proposed = models.TextField(blank=True, default="", help_text="The value that it should have.")
    score = models.FloatField(help_text="Probability, or for outliers how far out.")
    neighbours: models.JSONField[list[int], list[int]] = models.JSONField(
        default=list, help_text="Items that speak for it, by their ids."
    )
    state = models.CharField(max_length=10, choices=SuggestionState, default=SuggestionState.OPEN)
    decided_by_name = models.CharField(max_length=200, blank=True, default="")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField(auto_now_add=True)

    stays_on_merge: ClassVar[bool] = True

    class Meta:
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(
                name="suggestion_unique", fields=["item", "kind", "attribute", "present", "proposed"]
            ),
            models.CheckConstraint(name="suggestion_kind_known", condition=Q(kind__in=SuggestionKind.values)),
            models.CheckConstraint(name="suggestion_state_known", condition=Q(state__in=SuggestionState.values)),
        ]
        indexes = [
            # Reader: the review queue, surest first.
            models.Index(name="suggestion_queue", fields=["collection", "state", "kind", "-score"]),
            models.Index(name="suggestion_everywhere", fields=["state", "-score", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.proposed or self.item_id}"


FORGET = """
    DELETE FROM search_itemtopic WHERE item_id IN (SELECT id FROM old_rows);
    DELETE FROM search_itemplace WHERE item_id IN (SELECT id FROM old_rows);
    DELETE FROM search_suggestion WHERE item_id IN (SELECT id FROM old_rows);
    DELETE FROM search_event WHERE item_id IN (SELECT id FROM old_rows);
    DELETE FROM search_itemaudience WHERE item_id IN (SELECT id FROM old_rows);
    RETURN NULL;
"""


class SurveyedItem(Item):
    """The item as insight sees it: what was found out about it goes with it, whoever deletes it."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="item_deleted_leaves_insight",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="old_rows"),
                func=FORGET,
            )
        ]


class ValueModel(models.Model):
    """What tells the values of one attribute of a collection apart: a linear posterior over item vectors."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="value_models")
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="+")
    attribute = models.CharField(max_length=64)
    values: models.JSONField[list[str], list[str]] = models.JSONField()
    weights = models.BinaryField(help_text="Float32, (dimensions + 1, values): the last row is the bias.")
    examples = models.PositiveIntegerField(help_text="Items that have a value.")
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Reader: the model of each attribute that a value is suggested for.
            models.UniqueConstraint(name="value_model_unique", fields=["collection", "attribute"])
        ]

    def __str__(self) -> str:
        return f"{self.attribute}: {len(self.values)} values"
