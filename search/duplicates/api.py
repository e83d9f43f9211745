"""The JSON API of duplicates: checking before adding, the review queue, and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import uuid4

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from catalog.bodies import ItemReplace
from catalog.cursors import cursor_of, fingerprint, position_of
from catalog.errors import NotFound
from catalog.http import (
    actor_of,
    collection_to_change,
    collection_to_read,
)
from catalog.models import Item
from catalog.models.api_key import Scope
from catalog.schemas import Strict, Text, parse_item
from search.duplicates.comparing.check import PossibleDuplicate, check_item
from search.duplicates.review.decisions import Decision, decide
from search.duplicates.review.pairs import list_pairs
from search.models import DuplicatePair

router = Router(tags=["Duplicates"])

State = Literal["suggested", "confirmed", "dismissed", "variant"]


class ItemBrief(BaseModel):
    external_id: str
    title: str
    url: str
    image: str
    attributes: dict[str, Any]


class PossibleOut(BaseModel):
    """A stored item that the new one may duplicate."""

    item: ItemBrief
    score: float
    is_flagged: bool = Field(description="Whether the score is above the collection's flag threshold.")
    evidence: list[dict[str, Any]]


class CheckOut(BaseModel):
    duplicates: list[PossibleOut]


class PairOut(BaseModel):
    id: int
    first: ItemBrief
    second: ItemBrief
    score: float
    is_flagged: bool
    is_variant: bool = Field(description="Whether the two are suggested as variants of one thing, not as the same.")
    evidence: list[dict[str, Any]]
    state: State
    is_changed: bool = Field(description="Whether it is offered again because a text changed since the decision.")
    decided_by: str | None = Field(description="Only for those who may write.")
    decided_at: datetime | None
    reason: str | None = Field(description="Only for those who may write.")


class PairPage(BaseModel):
    pairs: list[PairOut]
    total: int
    next_cursor: str | None


class DecisionIn(Strict):
    decision: Decision = Field(
        description="The same thing, not the same, or variants of one thing; `suggested` takes a decision back."
    )
    reason: Annotated[Text, Field(max_length=2_000)] = ""


@router.post("/{slug}/duplicates/check", response=CheckOut)
def check_duplicates(request: HttpRequest, slug: str, body: ItemReplace) -> CheckOut:
    """What an item that is not stored may duplicate, best first. Stores nothing."""
    collection = collection_to_read(request, slug)
    entry = parse_item({"external_id": f"unsaved-{uuid4()}", **body.model_dump(exclude_unset=True, exclude_none=True)})
    found = check_item(collection=collection, entry=entry)
    return CheckOut(duplicates=[_possible_out(one) for one in found])


@router.get("/{slug}/duplicates", response=PairPage)
def list_duplicates(
    request: HttpRequest,
    slug: str,
    state: Annotated[State | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[
        Annotated[str, Field(min_length=1)] | None, Query(description="next_cursor of the page before")
    ] = None,
) -> PairPage:
    """Pairs of items that may be the same thing, best first. Readers get, and count, those of two visible items."""
    collection = collection_to_read(request, slug)
    may_write = actor_of(request).has(Scope.WRITE, collection)
    question = fingerprint("duplicates", collection.pk, state, may_write)
    offset = 0 if cursor is None else int(position_of(cursor, question))
    pairs, total = list_pairs(
        collection=collection, state=state, limit=limit, offset=offset, is_visible_only=not may_write
    )
    end = offset + len(pairs)
    return PairPage(
        pairs=[_pair_out(pair, may_write) for pair in pairs],
        total=total,
        next_cursor=cursor_of(end, question) if pairs and end < total else None,
    )


@router.post("/{slug}/duplicates/{int:pair_id}/decision", response=PairOut)
def decide_duplicate(request: HttpRequest, slug: str, pair_id: int, body: DecisionIn) -> PairOut:
    """Confirms, dismisses or takes a decision back. Needs the scope `curate`."""
    collection = collection_to_change(request, slug, Scope.CURATE)
    pair = DuplicatePair.objects.filter(collection=collection, pk=pair_id).first()
    if pair is None:
        raise NotFound(f"There is no pair {pair_id} in '{slug}'.")
    decided = decide(pair=pair, decision=body.decision, actor=actor_of(request), reason=body.reason)
    return _pair_out(decided, with_decider=True)


def _possible_out(found: PossibleDuplicate) -> PossibleOut:
    return PossibleOut(
        item=_brief(found.item), score=round(found.score, 6), is_flagged=found.is_flagged, evidence=found.evidence
    )


def _pair_out(pair: DuplicatePair, with_decider: bool) -> PairOut:
    return PairOut(
        id=pair.pk,
        first=_brief(pair.first),
        second=_brief(pair.second),
        score=round(pair.score, 6),
        is_flagged=pair.is_flagged,
        is_variant=pair.is_variant,
        evidence=pair.evidence,
        state=cast("State", pair.state),
        is_changed=pair.is_changed,
        decided_by=pair.decided_by_name or None if with_decider else None,
        decided_at=pair.decided_at,
        reason=pair.reason or None if with_decider else None,
    )


def _brief(item: Item) -> ItemBrief:
    return ItemBrief(**{name: getattr(item, name) for name in ItemBrief.model_fields})
