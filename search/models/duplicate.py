"""Pairs of items that may be the same thing, and what people decided about them."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from catalog.models import Collection, Item
from search.models.change import change_triggers
from search.models.trigger import DECLARE_CHANGED, collect_changed, for_changed


class PairState(models.TextChoices):
    SUGGESTED = "suggested", "Suggested"
    CONFIRMED = "confirmed", "The same"
    DISMISSED = "dismissed", "Not the same"
    VARIANT = "variant", "Variants of one thing"


# What counts as a duplicate for a reader: confirmed, or flagged and not yet decided.
IS_DUPLICATE = Q(state=PairState.CONFIRMED) | Q(state=PairState.SUGGESTED, is_flagged=True)


# What a person said to be two things: not the same, or variants of one.
IS_APART = Q(state__in=(PairState.DISMISSED, PairState.VARIANT))
# What counts as variants for a reader: decided, or suggested as such and not yet decided.
ARE_VARIANTS = Q(state=PairState.VARIANT) | Q(state=PairState.SUGGESTED, is_variant=True)


class DuplicatePair(models.Model):
    """An ordered pair (`first` has the smaller id). A decision holds for the settled texts whose digests it carries."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="duplicate_pairs")
    first = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()
    is_flagged = models.BooleanField(help_text="Above the flag threshold; else only suggested.")
    is_variant = models.BooleanField(
        db_default=False, help_text="Suggested as a variant: it would be flagged but for what tells variants apart."
    )
    informs = models.FloatField(
        db_default=0, help_text="How much deciding this pair would teach, as of the last comparison; 0 to 1."
    )
    impact = models.PositiveIntegerField(
        db_default=0, help_text="Pairs to review in which either item takes part, as of the last comparison."
    )
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

    # A merge leaves the pairs with the items that were compared, so that undoing it brings them back as they were.
    stays_on_merge: ClassVar[bool] = True

    class Meta:
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(name="duplicate_pair_unique", fields=["first", "second"]),
            models.CheckConstraint(name="duplicate_pair_ordered", condition=Q(first__lt=F("second"))),
            models.CheckConstraint(name="duplicate_pair_score_range", condition=Q(score__gte=0, score__lte=1)),
            models.CheckConstraint(name="duplicate_pair_state_known", condition=Q(state__in=PairState.values)),
        ]
        triggers = change_triggers("pair")
        indexes = [
            # Reader: the review queue, best first.
            models.Index(name="duplicate_pair_queue", fields=["collection", "state", "-score", "id"]),
            # Reader: all pairs of a collection, best first.
            models.Index(name="duplicate_pair_all", fields=["collection", "-score", "id"]),
            # Reader: the queue of all collections in the admin, best first, whatever it is filtered by.
            models.Index(
                name="duplicate_pair_everywhere",
                fields=["-score", "id"],
                include=["state", "is_flagged", "is_variant", "is_changed", "collection"],
            ),
            # Reader: the same queue, those first that teach most.
            models.Index(
                name="duplicate_pair_informs",
                fields=["-informs", "-score", "id"],
                include=["state", "is_flagged", "is_variant", "is_changed", "collection"],
            ),
            # Reader: the same queue, those first that settle most.
            models.Index(
                name="duplicate_pair_impact",
                fields=["-impact", "-score", "id"],
                include=["state", "is_flagged", "is_variant", "is_changed", "collection"],
            ),
        ]

    def __str__(self) -> str:
        """By the ids that people know, if the items were read with the pair; naming it reads nothing."""
        read = self._state.fields_cache
        first = self.first.external_id if "first" in read else self.first_id
        second = self.second.external_id if "second" in read else self.second_id
        return f"“{first}” ~ “{second}”"


class DuplicateDecision(models.Model):
    """One decision about a pair, as it was taken. Rows are only ever added, and outlive their items."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+")
    first_item_id = models.BigIntegerField()
    second_item_id = models.BigIntegerField()
    decision = models.CharField(max_length=10, choices=PairState)
    score = models.FloatField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_by_name = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(blank=True, default="")
    first_digest = models.BinaryField()
    second_digest = models.BinaryField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Reader: the history of a pair, and its latest decision.
            models.Index(name="duplicate_decision_pair", fields=["first_item_id", "second_item_id", "-id"]),
            # Reader: how many pairs of a collection were decided today.
            models.Index(name="duplicate_decision_recent", fields=["collection", "decided_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.first_item_id} ~ {self.second_item_id}: {self.get_decision_display()}"


class DuplicateCalibration(models.Model):
    """Weights and thresholds that a person applied to a collection. All but the one in use have ended."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="duplicate_calibrations")
    weights: models.JSONField[dict[str, float], dict[str, float]] = models.JSONField()
    intercept = models.FloatField()
    flag_threshold = models.FloatField()
    suggest_threshold = models.FloatField()
    thresholds_before: models.JSONField[dict[str, float | None], dict[str, float | None]] = models.JSONField(
        default=dict, help_text="Of the collection's policy without any calibration."
    )
    decisions = models.PositiveIntegerField(help_text="Decided pairs that it was learnt from.")
    precision = models.FloatField(help_text="Expected, of flagged pairs.")
    recall = models.FloatField(help_text="Expected, of the duplicates among the pairs offered for review.")
    precision_before = models.FloatField()
    recall_before = models.FloatField()
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    applied_by_name = models.CharField(max_length=200, blank=True, default="")
    applied_at = models.DateTimeField(auto_now_add=True)
    ended_by_name = models.CharField(max_length=200, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="duplicate_calibration_one_in_use", fields=["collection"], condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"Calibration of {self.collection_id} from {self.decisions} decisions"


class DuplicateStatistic(models.Model):
    """What scoring a pair needs to know of its whole collection, as of the last count."""

    collection = models.OneToOneField(Collection, on_delete=models.CASCADE, primary_key=True, related_name="+")
    documents = models.PositiveIntegerField(help_text="Items counted.")
    words = models.BinaryField(help_text="In how many items each word of two or more occurs: JSON, compressed.")
    clean_sources: models.JSONField[dict[str, bool], dict[str, bool]] = models.JSONField(
        default=dict, help_text="Of a collection with the policy `across`: whether a source hardly repeats a thing."
    )
    estimate: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, help_text="What the collection's own pairs say: see search.duplicates.calibration.estimate."
    )
    expected: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, help_text="How many pairs are flagged, and how many of them are the same, with bounds."
    )
    refreshed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.documents} items"


COMPARED = ("attributes", "status", "merged_into_id", "collection_id")
_NEW, _OLD = (", ".join(f"{row}.{name}" for name in COMPARED) for row in "no")

COMPARE_AGAIN = """
        UPDATE search_itemembedding SET checked_digest = NULL
        WHERE item_id = ANY({changed}) AND checked_digest IS NOT NULL"""


class ComparedItem(Item):
    """The item as the search for duplicates sees it: compared again when more than its text changes.

    A changed text is embedded again and compared after that.
    """

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="item_changed_is_compared",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                declare=DECLARE_CHANGED,
                func=collect_changed(f"({_NEW}) IS DISTINCT FROM ({_OLD})")
                + for_changed(COMPARE_AGAIN)
                + "RETURN NULL;",
            ),
        ]
