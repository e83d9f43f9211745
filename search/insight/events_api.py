"""The JSON API of personal interest: events that a program reports of its people, and what suits one of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path as PathParameter
from ninja import Query, Router
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from catalog.access import require
from catalog.errors import InvalidInput
from catalog.http import actor_of, collection_to_change, collection_to_read
from catalog.models import Item
from catalog.models.api_key import Scope
from catalog.schemas import ExternalId, Strict
from search.insight.interest import events
from search.insight.interest.personal import Suited, for_you
from search.insight.interest.subjects import subject_of_program
from search.models.interest import EventKind

MAX_EVENTS = 1_000  # of one request
MAX_SUITED = 50
EARLY = timedelta(minutes=5)  # that a program's clock may be ahead
SUBJECT = r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,99}$"

router = Router(tags=["Insight"])

Subject = Annotated[
    str,
    StringConstraints(pattern=SUBJECT),
    Field(description="Whom the program means, in its own words; better a number than a name."),
]


def _as_text(given: object) -> object:
    """Seconds since 1970 are no time as the description has it; nobody can tell them from milliseconds."""
    if not isinstance(given, str):
        raise ValueError("must be a time as text, such as 2026-01-31T12:00:00Z")  # noqa: TRY004 - pydantic's way to 422
    return given


Time = Annotated[
    datetime, BeforeValidator(_as_text), Field(strict=False, description="With its zone; now where it is left out.")
]


class EventIn(Strict):
    item: ExternalId
    kind: EventKind = Field(strict=False)
    time: Time | None = None


class EventsIn(Strict):
    subject: Subject
    events: Annotated[list[EventIn], Field(min_length=1, max_length=MAX_EVENTS)]


class RecordedOut(BaseModel):
    recorded: int = Field(description="Rows written; the same thing done again by the same subject is the same row.")
    unknown: list[str] = Field(description="Items that are not there, or are hidden; their events were left out.")


class EventOut(BaseModel):
    item: str
    kind: str
    time: str
    times: int


class EventList(BaseModel):
    subject: str
    events: list[EventOut]


class ErasedOut(BaseModel):
    erased: int


class ReasonOut(BaseModel):
    kind: str = Field(description="interest, people, popular or recent.")
    items: list[str] = Field(description="The subject's own items that led to it.")


class SuitedOut(BaseModel):
    external_id: str
    title: str
    url: str
    image: str
    attributes: dict[str, Any]
    score: float
    reasons: list[ReasonOut]


class ForYouOut(BaseModel):
    items: list[SuitedOut]
    events: int = Field(description="Different items that are known of the subject.")
    interests: int = Field(description="Directions that these fall into.")


@router.post("/{slug}/events", response=RecordedOut)
def record_events(request: HttpRequest, slug: str, body: EventsIn) -> RecordedOut:
    """What people of a program looked at, opened, liked or hid. Needs `learn_interest` in the search settings."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    events.require_learning(collection)
    names = {event.item for event in body.events}
    rows = Item.objects.visible().filter(collection=collection, external_id__in=names)
    ids = dict(rows.values_list("external_id", "pk"))
    now = timezone.now()
    new = [
        events.NewEvent(ids[event.item], event.kind, _time(event.time, now, n))
        for n, event in enumerate(body.events)
        if event.item in ids
    ]
    recorded = events.record(collection, subject=subject_of_program(body.subject), events=new) if new else 0
    return RecordedOut(recorded=recorded, unknown=sorted(names - ids.keys()))


def _time(given: datetime | None, now: datetime, place: int) -> datetime:
    if given is None:
        return now
    if given.tzinfo is None or given > now + EARLY or given.year < 1970:
        reason = "must have a zone, be after 1970 and not lie in the future"
        raise InvalidInput(f"events.{place}.time: {reason}", [{"field": f"events.{place}.time", "reason": reason}])
    return min(given, now)


@router.get("/{slug}/subjects/{subject}/events", response=EventList)
def export_events(request: HttpRequest, slug: str, subject: Annotated[Subject, PathParameter()]) -> EventList:
    """All that is kept of one subject. Only what programs reported: of accounts and browsers no key tells anything."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    rows = events.exported(collection, subject_of_program(subject))
    return EventList(subject=subject, events=[EventOut(**row) for row in rows])


@router.delete("/{slug}/subjects/{subject}/events", response=ErasedOut)
def erase_events(request: HttpRequest, slug: str, subject: Annotated[Subject, PathParameter()]) -> ErasedOut:
    """Forgets one subject at once. What workers computed of everybody follows with their next run."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    return ErasedOut(erased=events.erase(collection, subject_of_program(subject)))


@router.get("/{slug}/for-you", response=ForYouOut)
def list_for_you(
    request: HttpRequest,
    slug: str,
    subject: Annotated[Subject | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_SUITED)] = 10,
) -> ForYouOut:
    """What suits the subject, each with why; without one what is popular and new. A subject needs the scope `write`."""
    collection = collection_to_read(request, slug)
    if subject is not None:
        require(actor_of(request), Scope.WRITE, collection)
    events.require_learning(collection)
    found = for_you(collection, None if subject is None else subject_of_program(subject), limit=limit)
    return ForYouOut(items=[_out(one) for one in found.items], events=found.events, interests=found.interests)


def _out(one: Suited) -> SuitedOut:
    reasons = [ReasonOut(kind=why.kind, items=[item.external_id for item in why.items]) for why in one.reasons]
    names = ("external_id", "title", "url", "image", "attributes")
    return SuitedOut(**{name: getattr(one.item, name) for name in names}, score=round(one.score, 6), reasons=reasons)
