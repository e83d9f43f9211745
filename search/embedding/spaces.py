"""Embedding spaces: which one answers queries, and which ones items are embedded in."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from search.embedding.encoders import DEFAULT_MODEL
from search.models import EmbeddingSpace
from search.models.embedding import LIVE_STATES, EncoderKind, Modality, SpaceState

DEFAULT_DIMENSIONS = 384


def active_space(modality: Modality = Modality.TEXT) -> EmbeddingSpace:
    """The space that answers queries; the default one is made when there is none yet."""
    space = EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE, modality=modality).first()
    return space or _create_default()


def live_spaces() -> list[EmbeddingSpace]:
    """The spaces that items are embedded in."""
    return list(EmbeddingSpace.objects.filter(state__in=LIVE_STATES).order_by("id"))


def _create_default() -> EmbeddingSpace:
    kind = EncoderKind(settings.AKIN_ENCODER)
    with transaction.atomic():
        space, _ = EmbeddingSpace.objects.get_or_create(
            state=SpaceState.ACTIVE,
            modality=Modality.TEXT,
            defaults={
                "name": "all-minilm-l6-v2" if kind == EncoderKind.SENTENCE_TRANSFORMERS else kind.value,
                "kind": kind,
                "model": DEFAULT_MODEL,
                "dimensions": DEFAULT_DIMENSIONS,
                "activated_at": timezone.now(),
            },
        )
    return space
