"""The encoder of each space, loaded once in each process."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Container

from django.db import DatabaseError, connection

from search.embedding.encoder import Encoder, Vectors, checked
from search.embedding.fake_encoder import FakeEncoder
from search.embedding.http_encoder import HttpEncoder
from search.embedding.local_encoder import DEFAULT_MODEL, LocalEncoder
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind, SpaceState

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
    "probe",
    "warm",
]

logger = logging.getLogger(__name__)

RETRY_LOADING_SECONDS = 15  # until a model that could not be loaded is tried again

KINDS: dict[EncoderKind, Callable[[EmbeddingSpace], Encoder]] = {
    EncoderKind.SENTENCE_TRANSFORMERS: LocalEncoder,
    EncoderKind.HTTP: HttpEncoder,
    EncoderKind.FAKE: FakeEncoder,
}


class _Loaded:
    """The encoders of this process. A fork starts without any: threads and locks of a model do not survive one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.encoders: dict[int, Encoder] = {}
        self.failures: dict[int, tuple[float, EncoderUnavailable]] = {}
        self.lock = threading.Lock()


_loaded = _Loaded()


os.register_at_fork(after_in_child=_loaded.clear)


def encoder_of(space: EmbeddingSpace) -> Encoder:
    """The space's encoder. Raises EncoderUnavailable when it cannot be loaded, for whatever reason."""
    if (found := _loaded.encoders.get(space.pk)) is not None:
        return found
    with _loaded.lock:
        if space.pk not in _loaded.encoders:
            _loaded.encoders[space.pk] = _load(space)
        return _loaded.encoders[space.pk]


def _load(space: EmbeddingSpace) -> Encoder:
    failed_at, failure = _loaded.failures.get(space.pk, (0.0, None))
    if failure is not None and time.monotonic() - failed_at < RETRY_LOADING_SECONDS:
        raise failure
    try:
        encoder = KINDS[EncoderKind(space.kind)](space)
    except Exception as error:
        logger.exception("The encoder of %s cannot be loaded", space.name)
        unavailable = EncoderUnavailable(f"The encoder of {space.name} cannot be loaded: {error}")
        _loaded.failures[space.pk] = (time.monotonic(), unavailable)
        raise unavailable from error
    _loaded.failures.pop(space.pk, None)
    return encoder


def is_loaded(space: EmbeddingSpace) -> bool:
    """Whether the space's model is in this process's memory."""
    return space.pk in _loaded.encoders


def forget(space: EmbeddingSpace) -> None:
    """Frees the model of a retired space."""
    _loaded.encoders.pop(space.pk, None)
    _loaded.failures.pop(space.pk, None)


def keep_only(space_ids: Container[int]) -> None:
    """Frees the models of all other spaces: a process that did not retire them learns of it this way."""
    for pk in [pk for pk in list(_loaded.encoders) if pk not in space_ids]:
        _loaded.encoders.pop(pk, None)


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
        space = EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE).first()
        if space is not None:
            encoder_of(space).encode_query("warm")
    except (EncoderUnavailable, DatabaseError) as error:
        logger.warning("The encoder is not warm: %s", error)
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()
