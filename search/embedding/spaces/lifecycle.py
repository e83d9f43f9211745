"""Embedding spaces: which one answers queries, and replacing it without a moment in which none does.

A space is added, built beside the active one, ready when every item is in it and its indexes stand, then activated.
The one that was active stays ready, and goes on embedding, until it is retired.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.models import Run
from search.embedding.encoders.local import native_dimensions
from search.embedding.encoders.registry import DEFAULT_MODEL, encoder_of, forget
from search.embedding.queue import sweep, wakeup
from search.embedding.spaces import runs, warmth
from search.embedding.spaces.activation import obstacle_to, other_active, uncovered
from search.embedding.storage import MAX_DIMENSIONS
from search.errors import SpaceConflict
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind, Modality, SpaceState, Storage

DEFAULT_DIMENSIONS = 384
GRACE = timedelta(seconds=60)  # after which no request can still be reading the space that was active before

_for_this_context: ContextVar[EmbeddingSpace | None] = ContextVar("space", default=None)
_asked: ContextVar[dict[Modality, EmbeddingSpace] | None] = ContextVar("asked", default=None)


def active_space(modality: Modality = Modality.TEXT) -> EmbeddingSpace:
    """The space that answers queries; the default one is made when there is none yet.

    A web process goes on with the space before while it loads the model of one that was just activated.
    """
    if (chosen := _for_this_context.get()) is not None:
        return chosen
    asked = _asked.get()
    if asked is None:
        return _active(modality)
    if modality not in asked:
        asked[modality] = _active(modality)
    return asked[modality]


@contextmanager
def asked_once() -> Iterator[None]:
    """Within it the active space stays the one that was asked for first, so that no request mixes two."""
    token = _asked.set(_asked.get() or {})
    try:
        yield
    finally:
        _asked.reset(token)


def _active(modality: Modality) -> EmbeddingSpace:
    space = EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE, modality=modality).first()
    return warmth.warmest(space) if space else _create_default()


@contextmanager
def answering_with(space: EmbeddingSpace) -> Iterator[None]:
    """Searches of this thread are answered by that space: for comparing spaces."""
    token = _for_this_context.set(space)
    try:
        yield
    finally:
        _for_this_context.reset(token)


def get_space(name: str) -> EmbeddingSpace:
    """Raises SpaceConflict when there is none."""
    space = EmbeddingSpace.objects.filter(name=name).first()
    if space is None:
        raise SpaceConflict(f"There is no space '{name}'.")
    return space


def add_space(
    *, name: str, model: str, kind: EncoderKind, dimensions: int | None = None, **fields: Any
) -> EmbeddingSpace:
    """Registers a model after trying it out; nothing is embedded yet. Raises SpaceConflict and EncoderUnavailable.

    Fewer `dimensions` than the model has cut its vectors, which only suits models trained for it (Matryoshka).
    """
    if EmbeddingSpace.objects.filter(name=name).exists():
        raise SpaceConflict(f"A space '{name}' exists already.")
    space = EmbeddingSpace(name=name, model=model, kind=kind, dimensions=dimensions or 0, **fields)
    if kind == EncoderKind.SENTENCE_TRANSFORMERS:
        space.dimensions = _fitting(space, dimensions)
    most = MAX_DIMENSIONS[Storage(space.storage)]
    if not 1 <= space.dimensions <= most:
        raise SpaceConflict(
            f"The dimensions have to be between 1 and {most:,} where vectors are kept as '{space.storage}';"
            f" these are {space.dimensions:,}."
        )
    space.state = SpaceState.ADDED
    with transaction.atomic():
        space.save(force_insert=True)
        try:
            encoder_of(space).encode_documents(["A plain sentence."])
        except Exception:
            forget(space)
            raise
    return space


def _fitting(space: EmbeddingSpace, dimensions: int | None) -> int:
    try:
        native = native_dimensions(space)
    except Exception as error:
        raise SpaceConflict(f"The model {space.model} cannot be loaded: {error}") from error
    if dimensions and dimensions > native:
        raise SpaceConflict(f"The model {space.model} has {native} dimensions, fewer than {dimensions}.")
    return dimensions or native


def build_space(space: EmbeddingSpace) -> Run:
    """Lets the workers embed all items in the space, after everything else. Returns the run that counts it."""
    with transaction.atomic():
        space = _locked(space)
        if space.state == SpaceState.ACTIVE:
            raise SpaceConflict(f"{space.name} is active: there is nothing to build.")
        if space.state != SpaceState.READY:
            space.state = SpaceState.BUILDING
            space.save(update_fields=["state"])
    sweep.add_missing()  # after the commit: from now on, whoever adds an item sees the space
    wakeup.wake()
    return runs.start_backfill(space)


def mark_ready(space: EmbeddingSpace) -> bool:
    """Declares a built space ready if it covers all items. The caller has seen to its indexes."""
    if uncovered(space):
        return False
    return bool(EmbeddingSpace.objects.filter(pk=space.pk, state=SpaceState.BUILDING).update(state=SpaceState.READY))


def activate_space(space: EmbeddingSpace, *, is_forced: bool = False) -> EmbeddingSpace:
    """From the next request on, the space answers, in one commit. The one before stays ready.

    Raises SpaceConflict unless it is ready, covers every item and was not worse in a comparison. With `is_forced` a
    comparison is not needed; items without vectors are refused all the same.
    """
    with transaction.atomic():
        found = {one.pk: one for one in _lock_modality(space.modality)}
        space = found.get(space.pk) or get_space(space.name)
        if space.state == SpaceState.ACTIVE:
            return space
        if (obstacle := obstacle_to(space)) and not (is_forced and obstacle.can_be_overruled):
            raise SpaceConflict(obstacle.reason)
        active = next((one for one in found.values() if one.state == SpaceState.ACTIVE), None)
        if active is not None:
            active.state = SpaceState.READY
            active.save(update_fields=["state"])
        space.state, space.activated_at = SpaceState.ACTIVE, timezone.now()
        space.save(update_fields=["state", "activated_at"])
    return space


def previous_space(modality: Modality = Modality.TEXT) -> EmbeddingSpace | None:
    """The space that answered before the active one, if it is still kept ready."""
    ready = EmbeddingSpace.objects.filter(state=SpaceState.READY, modality=modality, activated_at__isnull=False)
    return ready.order_by("-activated_at").first()


def roll_back() -> EmbeddingSpace:
    """Activates the space that answered before. Raises SpaceConflict when there is none."""
    previous = previous_space()
    if previous is None:
        raise SpaceConflict("No space that was active before is kept ready.")
    return activate_space(previous, is_forced=True)


def read_until(space: EmbeddingSpace) -> datetime | None:
    """Until when requests may still read a space that answered before; None for one that never did."""
    active = other_active(space)
    since = active.activated_at if active else None
    return since + GRACE if space.activated_at and since else None


def retire_space(space: EmbeddingSpace, *, is_forced: bool = False) -> None:
    """Deletes the vectors of a space that does not answer; its indexes go with the next upkeep.

    Raises SpaceConflict for the active space, and for the one before it while requests may still be reading it.
    """
    with transaction.atomic():
        found = {one.pk: one for one in _lock_modality(space.modality)}
        space = found.get(space.pk) or get_space(space.name)
        if space.state == SpaceState.ACTIVE:
            raise SpaceConflict(f"{space.name} answers queries: activate another space first.")
        if (until := read_until(space)) and timezone.now() < until and not is_forced:
            raise SpaceConflict(f"{space.name} answered until a moment ago; retire it in {GRACE.seconds} s.")
        EmbeddingSpace.objects.filter(pk=space.pk).update(state=SpaceState.RETIRED)
    sweep.forget_space(space.pk)
    forget(space)


def _locked(space: EmbeddingSpace) -> EmbeddingSpace:
    return EmbeddingSpace.objects.select_for_update(no_key=True).get(pk=space.pk)


def _lock_modality(modality: str) -> list[EmbeddingSpace]:
    return list(EmbeddingSpace.objects.select_for_update(no_key=True).filter(modality=modality).order_by("id"))


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
