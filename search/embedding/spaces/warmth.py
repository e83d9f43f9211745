"""Web processes load a model beside the requests: until it is in memory, the space before goes on answering.

Each process does so for itself, so for some seconds after an activation two processes may answer by different spaces;
no request ever mixes them.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from search.embedding.encoders import registry
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import LIVE_STATES, SpaceState

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3.0  # until a change of spaces is noticed without a request
PATIENCE = timedelta(seconds=45)  # for a model to be loaded; a space may be retired a little later


class _Keeper:
    """Whether this process keeps its models warm, and which ones are being loaded. A fork starts without."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.is_on = False
        self.loading: set[int] = set()
        self.lock = threading.Lock()


_keeper = _Keeper()


def start() -> None:
    """From now on this process loads models beside its requests, first the one that answers."""
    _keeper.clear()
    _keeper.is_on = True
    threading.Thread(target=_watch, name="keep-warm", daemon=True).start()


def warmest(active: EmbeddingSpace) -> EmbeddingSpace:
    """The active space, or the one before it while the active one's model is being loaded into this process."""
    if not _keeper.is_on or registry.is_loaded(active):
        return active
    load(active)
    if active.activated_at is None or timezone.now() - active.activated_at > PATIENCE:
        return active
    ready = EmbeddingSpace.objects.filter(state=SpaceState.READY, modality=active.modality, activated_at__isnull=False)
    before = ready.order_by("-activated_at").first()
    return before if before is not None and registry.is_loaded(before) else active


def load(space: EmbeddingSpace) -> None:
    """Begins to load the space's model in a thread of its own, unless one does so already."""
    with _keeper.lock:
        if space.pk in _keeper.loading:
            return
        _keeper.loading.add(space.pk)
    threading.Thread(target=_load, args=(space,), name=f"load-{space.name}", daemon=True).start()


def _load(space: EmbeddingSpace) -> None:
    try:
        registry.encoder_of(space).encode_query("warm")
    except EncoderUnavailable as error:
        logger.warning("The model of %s is not in memory yet: %s", space.name, error)
    except Exception:
        logger.exception("The model of %s is loaded, but does not encode", space.name)
    finally:
        _keeper.loading.discard(space.pk)


def look() -> None:
    """Loads the model that should answer, and frees those whose space is retired."""
    spaces = EmbeddingSpace.objects.filter(state__in=LIVE_STATES).in_bulk()
    registry.keep_only(spaces)
    for space in spaces.values():
        if space.state == SpaceState.ACTIVE and not registry.is_loaded(space):
            load(space)


def _watch() -> None:
    while _keeper.is_on:
        try:
            look()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("Nobody could look for a new model: %s", error)
        finally:
            connection.close()
        threading.Event().wait(LOOK_SECONDS)
