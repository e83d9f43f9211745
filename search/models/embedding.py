"""Embedding spaces, the state of each item in each space, and the vectors themselves."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from pgvector.django import HalfVectorField, VectorField

from catalog.models import Collection, Item
from search.models.change import EVERY_COLLECTION, change_triggers


class SpaceState(models.TextChoices):
    ADDED = "added", "Added"
    BUILDING = "building", "Building"
    READY = "ready", "Ready"
    ACTIVE = "active", "Active"
    RETIRED = "retired", "Retired"


LIVE_STATES = (SpaceState.BUILDING, SpaceState.READY, SpaceState.ACTIVE)


class Modality(models.TextChoices):
    TEXT = "text", "Text"
    IMAGE = "image", "Image"


class Storage(models.TextChoices):
    """What is kept of a vector and indexed; `search.embedding.storage` knows what follows from it."""

    FLOAT = "float", "Full precision"
    HALF = "half", "Half precision"
    BINARY = "binary", "Half precision, found by one bit a dimension"


class EncoderKind(models.TextChoices):
    SENTENCE_TRANSFORMERS = "sentence-transformers", "sentence-transformers model in this process"
    HTTP = "http", "Endpoint that answers like OpenAI's /v1/embeddings"
    FAKE = "fake", "Deterministic hashing, for tests"


class EmbeddingSpace(models.Model):
    """One model at one revision with one way of feeding it; vectors of two spaces are never compared."""

    name = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=30, choices=EncoderKind, default=EncoderKind.SENTENCE_TRANSFORMERS)
    model = models.CharField(max_length=500, help_text="Name or path of the model.")
    revision = models.CharField(max_length=100, blank=True, default="")
    dimensions = models.PositiveSmallIntegerField()
    storage = models.CharField(max_length=10, choices=Storage, default=Storage.HALF)
    modality = models.CharField(max_length=10, choices=Modality, default=Modality.TEXT)
    query_prefix = models.CharField(max_length=500, blank=True, default="")
    document_prefix = models.CharField(max_length=500, blank=True, default="")
    template_version = models.PositiveSmallIntegerField(default=1)
    options: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=SpaceState, default=SpaceState.BUILDING)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="space_one_active", fields=["modality"], condition=Q(state=SpaceState.ACTIVE)),
            models.CheckConstraint(name="space_state_known", condition=Q(state__in=SpaceState.values)),
            models.CheckConstraint(name="space_storage_known", condition=Q(storage__in=Storage.values)),
        ]
        triggers = change_triggers("space", str(EVERY_COLLECTION))

    def __str__(self) -> str:
        return self.name


class EmbeddingState(models.TextChoices):
    PENDING = "pending", "Pending"
    CLAIMED = "claimed", "Being embedded"
    EMBEDDED = "embedded", "Embedded"
    FAILED = "failed", "Failed"


class Priority(models.IntegerChoices):
    """Smaller is sooner."""

    LIVE = 0, "A person waits"
    BULK = 10, "Import"
    BACKFILL = 20, "Backfill of a space"


class ItemEmbedding(models.Model):
    """The state of one item in one space: PostgreSQL's side of the queue.

    A trigger raises `revision` with every change of the item's text; a result is stored only while it still holds.
    """

    item = models.ForeignKey(Item, on_delete=models.DO_NOTHING, related_name="embeddings", db_constraint=False)
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="item_embeddings")
    collection = models.ForeignKey(Collection, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    state = models.CharField(max_length=10, choices=EmbeddingState, db_default=EmbeddingState.PENDING)
    priority = models.SmallIntegerField(choices=Priority, db_default=Priority.LIVE)
    revision = models.BigIntegerField(db_default=1)
    digest = models.BinaryField(null=True, help_text="Digest of the text whose vectors are stored.")
    marked_at = models.DateTimeField(help_text="When the text last changed.")
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(db_default=0)
    lost_workers = models.PositiveSmallIntegerField(
        db_default=0, help_text="Workers that died in a row while they held the item."
    )
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    error_class = models.CharField(max_length=200, db_default="")
    error_message = models.TextField(db_default="")
    embedded_at = models.DateTimeField(null=True)
    checked_digest = models.BinaryField(null=True, help_text="Digest of the text last compared for duplicates.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="item_embedding_unique", fields=["item", "space"]),
            models.CheckConstraint(name="item_embedding_state_known", condition=Q(state__in=EmbeddingState.values)),
        ]
        indexes = [
            # Reader: the claim of the next batch.
            models.Index(
                name="item_embedding_claim",
                fields=["priority", "id"],
                condition=Q(state=EmbeddingState.PENDING),
            ),
            # Reader: the sweep's search for expired leases.
            models.Index(
                name="item_embedding_lease",
                fields=["lease_expires_at"],
                condition=Q(state=EmbeddingState.CLAIMED),
            ),
            # Reader: what has yet to be compared for duplicates.
            models.Index(
                name="item_embedding_unchecked",
                fields=["collection", "id"],
                condition=Q(state=EmbeddingState.EMBEDDED) & ~Q(checked_digest=F("digest")),
            ),
            # Reader: counts of a collection's states.
            models.Index(name="item_embedding_counts", fields=["space", "collection", "state"]),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} in {self.space_id}: {self.state}"


class Passage(models.Model):
    """One vector of one item in one space.

    Ordinal 0 stands for the whole item; 1 and up are its parts, which only items longer than one passage have.
    The column has no fixed dimension: each space's index casts it to the space's own.
    """

    item = models.ForeignKey(Item, on_delete=models.DO_NOTHING, related_name="passages", db_constraint=False)
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    collection = models.ForeignKey(Collection, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    ordinal = models.PositiveSmallIntegerField()
    start = models.PositiveIntegerField(help_text="First character of the span in title, line break, body.")
    end = models.PositiveIntegerField(help_text="Character after the span.")
    embedding = HalfVectorField()
    full_embedding = VectorField(null=True, help_text="The same in full precision, in spaces that keep it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="passage_unique", fields=["item", "space", "ordinal"]),
            models.CheckConstraint(name="passage_span_forward", condition=Q(start__lte=F("end"))),
        ]
        triggers = change_triggers("passage")
        indexes = [
            # Reader: exact search in a collection without a vector index, and deletion of a collection.
            models.Index(name="passage_collection_space", fields=["collection", "space"]),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}#{self.ordinal}"
