"""The encoder of each space, loaded once in each process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container

from django.db import DatabaseError, connection

from search.embedding.encoders.endpoint.http import HttpEncoder
from search.embedding.encoders.fake import FakeEncoder
from search.embedding.encoders.in_process import load_encoder
from search.embedding.encoders.loaded import LoadedModels
from search.embedding.encoders.port import Encoder, Vectors, checked
from search.embedding.encoders.sources import DEFAULT_MODEL
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind, Modality, SpaceState

__all__ = [
    "DEFAULT_MODEL",
    "Encoder",
    "FakeEncoder",
    "Vectors",
    "checked",
    "encoder_of",
    "forget",
    "is_loaded",
    "keep_only",
    "loaded_spaces",
    "probe",
    "warm",
]

logger = logging.getLogger(__name__)

RETRY_LOADING_SECONDS = 15  # until a model that could not be loaded is tried again

KINDS: dict[EncoderKind, Callable[[EmbeddingSpace], Encoder]] = {
    EncoderKind.SENTENCE_TRANSFORMERS: load_encoder,
    EncoderKind.HTTP: HttpEncoder,
    EncoderKind.FAKE: FakeEncoder,
}


_loaded: LoadedModels[int, Encoder] = LoadedModels(retry_seconds=RETRY_LOADING_SECONDS)


def encoder_of(space: EmbeddingSpace) -> Encoder:
    """The space's encoder. Raises EncoderUnavailable when it cannot be loaded, for whatever reason."""
    return _loaded.get(space.pk, lambda: KINDS[EncoderKind(space.kind)](space), name=f"The encoder of {space.name}")


def is_loaded(space: EmbeddingSpace) -> bool:
    """Whether the space's model is in this process's memory."""
    return space.pk in _loaded.models


def loaded_spaces() -> tuple[int, ...]:
    """The ids of the spaces whose models are in this process's memory."""
    return tuple(sorted(_loaded.models))


def forget(space: EmbeddingSpace) -> None:
    """Frees the model of a retired space."""
    _loaded.forget(space.pk)


def keep_only(space_ids: Container[int]) -> None:
    """Frees the models of all other spaces: a process that did not retire them learns of it this way."""
    _loaded.keep_only(space_ids)


def probe(encoder: Encoder) -> None:
    """Encodes a harmless text. Raises EncoderUnavailable when not even that works."""
    try:
        encoder.encode_documents(["A plain sentence."])
    except EncoderUnavailable:
        raise
    except Exception as error:
        raise EncoderUnavailable(f"The encoder cannot encode anything: {error}") from error


def warm() -> None:
    """Loads the model that answers queries, so that the first one need not wait. Never raises."""
    try:
        space = EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE, modality=Modality.TEXT).first()
        if space is not None:
            encoder_of(space).encode_query("warm")
    except (EncoderUnavailable, DatabaseError) as error:
        logger.warning("The encoder is not warm: %s", error)
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()
