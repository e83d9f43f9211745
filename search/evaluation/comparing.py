"""Comparing a space with the active one as a run: a worker does it, and people watch and stop it."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction

from catalog.errors import CatalogError
from catalog.models import Run
from catalog.models.run import RunKind, RunState
from catalog.services.runs import carried_out
from search.embedding.spaces.activation import other_active
from search.embedding.spaces.lifecycle import get_space
from search.errors import SpaceConflict
from search.evaluation import judging
from search.evaluation.spaces import check_comparable, compare
from search.messages import send
from search.models import EmbeddingSpace


def start_comparison(*, space: EmbeddingSpace, user_id: int | None = None) -> Run:
    """The run of a comparison, which waits for a worker, or the one under way.

    Raises SpaceConflict when there is nothing to compare.
    """
    sets = judging.judged_sets()
    check_comparable(space, sets)
    judging.check(sets)
    _rival_of(space)
    running = Run.objects.filter(kind=RunKind.COMPARISON, state=RunState.RUNNING, detail__space=space.name).first()
    detail = {"space": space.name, "waiting": True}
    run = running or Run.objects.create(kind=RunKind.COMPARISON, detail=detail, started_by_id=user_id, total=0)
    send("evaluation.compare_waiting")
    return run


def do_waiting() -> int:
    """Does the comparisons that wait, one after the other, and returns how many these were."""
    count = 0
    while (run := _take_up()) is not None:
        count += 1
        with suppress(CatalogError):  # the run says why
            do_comparison(run)
    return count


def _take_up() -> Run | None:
    """The next comparison that waits; from then on no other worker takes it."""
    with transaction.atomic():
        waiting = Run.objects.filter(kind=RunKind.COMPARISON, state=RunState.RUNNING, detail__waiting=True)
        run = waiting.select_for_update(skip_locked=True).order_by("id").first()
        if run is not None:
            run.detail.pop("waiting")
            run.save(update_fields=["detail", "heartbeat_at"])
    return run


def _rival_of(space: EmbeddingSpace) -> EmbeddingSpace:
    active = other_active(space)
    if active is None:
        raise SpaceConflict(f"There is no other space that {space.name} could be compared with.")
    return active


def do_comparison(run: Run) -> None:
    """Compares, and ends the run. What goes wrong is said in the run and raised."""
    with carried_out(run) as progress:
        space = get_space(run.detail["space"])
        compare(space=space, active=_rival_of(space), on_progress=progress)
