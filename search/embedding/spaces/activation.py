"""What keeps a space from answering queries: missing vectors, its state, or a comparison that it lost."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from catalog.models.item import VISIBLE
from search.embedding.spaces.comparisons import is_worse
from search.models import EmbeddingSpace
from search.models.embedding import SpaceState

UNCOVERED = f"""
    SELECT count(*) FROM catalog_item i
    WHERE {VISIBLE}
      AND NOT EXISTS (SELECT 1 FROM search_itemembedding e
                      WHERE e.item_id = i.id AND e.space_id = %(space)s AND e.digest IS NOT NULL)
      AND (%(active)s::bigint IS NULL OR EXISTS (
          SELECT 1 FROM search_itemembedding e
          WHERE e.item_id = i.id AND e.space_id = %(active)s AND (e.digest IS NOT NULL OR e.state <> 'failed')
            AND (e.digest IS NOT NULL OR e.marked_at < clock_timestamp() - interval '1 minute')))
"""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a space cannot be activated, in words. One that is a judgement and not a loss can be overruled."""

    reason: str
    can_be_overruled: bool = False


def other_active(space: EmbeddingSpace) -> EmbeddingSpace | None:
    """The space that answers in the place of this one."""
    return EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE, modality=space.modality).exclude(pk=space.pk).first()


def uncovered(space: EmbeddingSpace) -> int:
    """How many visible items have no vectors in the space.

    Left out: items that fail in the active space too, and those saved a moment ago, which no space has yet.
    """
    active = other_active(space)
    with connection.cursor() as cursor:
        cursor.execute(UNCOVERED, {"space": space.pk, "active": active.pk if active else None})
        return int(cursor.fetchone()[0])


def obstacle_to(space: EmbeddingSpace) -> Obstacle | None:
    """What keeps the space from being activated now."""
    if space.state != SpaceState.READY:
        return Obstacle(f"{space.name} is {space.get_state_display().lower()}, not ready.")
    if count := uncovered(space):
        return Obstacle(f"{count:,} items have no vectors in {space.name} yet.")
    active = other_active(space)
    reason = is_worse(space, active) if active else ""
    return Obstacle(reason, can_be_overruled=True) if reason else None
