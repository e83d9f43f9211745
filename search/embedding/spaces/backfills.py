"""Watching the backfills of spaces: counting them, ending them, and retiring the space of one that was cancelled."""

from __future__ import annotations

from catalog.models import Run
from catalog.models.run import RunKind, RunState
from search.embedding.spaces import runs
from search.embedding.spaces.lifecycle import retire_space
from search.models import EmbeddingSpace
from search.models.embedding import SpaceState


def refresh(run: Run) -> Run:
    """Counts a backfill anew, and ends it when nothing waits, the space is gone, or cancelling was asked for.

    To cancel the backfill of a space that never answered is to retire the space.
    """
    space = EmbeddingSpace.objects.filter(name=run.detail.get("space", "")).first()
    if space is None or space.state in (SpaceState.RETIRED, SpaceState.ADDED):
        return runs.end(run, RunState.CANCELLED)
    if run.cancel_requested and space.state == SpaceState.BUILDING:
        retire_space(space)
        return runs.end(run, RunState.CANCELLED)
    return runs.count(run, space)


def refresh_running() -> None:
    """Counts the backfills that are under way, and gives up imports whose process is gone."""
    for run in Run.objects.filter(kind=RunKind.BACKFILL, state=RunState.RUNNING):
        refresh(run)
    runs.end_abandoned()
