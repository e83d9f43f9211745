"""Bringing a collection or a space into the state in which it is searched best, now and not at beat's next turn."""

from __future__ import annotations

from django.db.models import Count

from catalog.models import Collection
from search.embedding.encoders.registry import is_loaded
from search.embedding.spaces import lifecycle
from search.messages import send
from search.models import EmbeddingSpace, Passage
from search.models.embedding import SpaceState
from search.retrieval.upkeep import indexes, null_distributions, statistics


def make_ready(collection: Collection) -> None:
    """Counts its words, builds its indexes and calibrates its bands. Call it when its items are embedded.

    A process that has no model of its own leaves the last to a worker.
    """
    statistics.refresh(collection.pk)
    indexes.build_missing()
    if is_loaded(lifecycle.active_space()):
        null_distributions.calibrate(collection)
    else:
        send("retrieval.calibrate")


def promote_built_spaces() -> list[EmbeddingSpace]:
    """Declares ready, and returns, the spaces that cover every item and have the indexes that these need."""
    building = EmbeddingSpace.objects.filter(state=SpaceState.BUILDING)
    return [space for space in building if _is_indexed(space) and lifecycle.mark_ready(space)]


def _is_indexed(space: EmbeddingSpace) -> bool:
    sizes = Passage.objects.filter(space=space).values_list("collection").annotate(size=Count("id"))
    large = Collection.objects.in_bulk([pk for pk, size in sizes if size >= indexes.MIN_PASSAGES])
    return all(indexes.has_vector_index(collection, space) for collection in large.values())
