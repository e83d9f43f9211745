"""A curator's way through the queue of a collection: the next pair, how far it is, and taking steps back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.access import Actor
from catalog.errors import CatalogError, Conflict
from catalog.models import MergeRecord
from search.duplicates.review.decisions import Decision, decide
from search.duplicates.review.merging import Suggestion, merge_pair, unmerge_pair
from search.models import DuplicateDecision, DuplicatePair
from search.models.duplicate import PairState


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to a pair in a review: a decision, or a merge with its record."""

    pair_id: int
    decision: Decision
    before: Decision
    merge_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of several pairs: the steps that were taken, and why the others were not."""

    steps: list[Step]
    refused: list[tuple[DuplicatePair, str]]


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """Pairs of the collection that were decided today, by anybody and for good, and those that are left."""

    decided_today: int
    left: int

    @property
    def share(self) -> float:
        return self.decided_today / ((self.decided_today + self.left) or 1)


@dataclass(frozen=True, slots=True)
class QueueView:
    """Which of a collection's undecided pairs a person goes through, and what comes before the score in the order."""

    order: Literal["impact", "informs"] | None = None
    is_flagged: bool | None = None
    is_variant: bool | None = None
    is_changed: bool | None = None


def next_pair(pair: DuplicatePair, view: QueueView | None = None) -> DuplicatePair | None:
    """The pair that follows in the collection's queue. Pairs of an item that is merged by now are passed over."""
    return _beside(pair, view or QueueView(), is_next=True)


def previous_pair(pair: DuplicatePair, view: QueueView | None = None) -> DuplicatePair | None:
    """The undecided pair before it in the same queue."""
    return _beside(pair, view or QueueView(), is_next=False)


def _beside(pair: DuplicatePair, view: QueueView, *, is_next: bool) -> DuplicatePair | None:
    queue = DuplicatePair.objects.filter(collection=pair.collection_id, state=PairState.SUGGESTED)
    lower, after = ("lt", "gt") if is_next else ("gt", "lt")
    beyond = Q(**{f"score__{lower}": pair.score}) | Q(score=pair.score, **{f"id__{after}": pair.pk})
    order = ["-score", "id"]
    if view.order:
        value = getattr(pair, view.order)
        beyond = Q(**{f"{view.order}__{lower}": value}) | (Q(**{view.order: value}) & beyond)
        order = [f"-{view.order}", *order]
    asked = {"is_flagged": view.is_flagged, "is_variant": view.is_variant, "is_changed": view.is_changed}
    wanted = {name: value for name, value in asked.items() if value is not None}
    whole = queue.filter(beyond, first__merged_into=None, second__merged_into=None, **wanted).only("pk")
    ordered = whole.order_by(*order)
    return (ordered if is_next else ordered.reverse()).first()


def progress_of(collection_ids: Sequence[int] | None = None) -> QueueProgress:
    """How far the review of the collections is, or of all together."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    where = {} if collection_ids is None else {"collection__in": collection_ids}
    of_pair = ("first_item_id", "second_item_id")
    today = DuplicateDecision.objects.filter(**where, decided_at__gte=midnight)
    latest = today.order_by(*of_pair, "-id").distinct(*of_pair).values("pk")
    taken = DuplicateDecision.objects.filter(pk__in=latest).exclude(decision=PairState.SUGGESTED).order_by()
    left = DuplicatePair.objects.filter(**where, state=PairState.SUGGESTED).order_by()
    return QueueProgress(taken.count(), left.count())


def decide_all(*, pairs: Sequence[DuplicatePair], decision: Decision, actor: Actor) -> Outcome:
    """Takes the same decision on each pair; one that cannot be decided does not keep the others."""
    outcome = Outcome([], [])
    for pair in pairs:
        try:
            decide(pair=pair, decision=decision, actor=actor)
            outcome.steps.append(Step(pair.pk, decision, cast("Decision", pair.state)))
        except CatalogError as error:
            outcome.refused.append((pair, error.message))
    return outcome


def merge_all(*, pairs: Sequence[DuplicatePair], keepers: dict[int, Suggestion], actor: Actor) -> Outcome:
    """Merges each pair into its keeper, each in a transaction of its own."""
    outcome = Outcome([], [])
    for pair in pairs:
        try:
            record = merge_pair(pair=pair, keeper_id=keepers[pair.pk].keeper.pk, actor=actor)
            outcome.steps.append(Step(pair.pk, "confirmed", cast("Decision", pair.state), record.pk))
        except CatalogError as error:
            outcome.refused.append((pair, error.message))
    return outcome


def undo(*, steps: Sequence[Step], actor: Actor) -> None:
    """Takes the steps back, the last one first, all or none: each pair is what it was before.

    Raises Conflict when something else happened to a pair since.
    """
    with transaction.atomic():
        for step in reversed(steps):
            _undo(step, actor)


def _undo(step: Step, actor: Actor) -> None:
    if step.merge_id is not None:
        record = MergeRecord.objects.select_related("keeper", "other").filter(pk=step.merge_id).first()
        if record is None:
            raise Conflict("The merged items are gone.")
        unmerge_pair(record=record, actor=actor, before=step.before)
        return
    pair = DuplicatePair.objects.filter(pk=step.pair_id).first()
    if pair is None or pair.state != step.decision:
        raise Conflict("This pair was decided anew since.")
    decide(pair=pair, decision=step.before, actor=actor, reason="Undone.")
