"""What templates ask of personal interest: whether a collection learns it, and what the visitor said of an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django import template
from django.http import HttpRequest

from catalog.models import Collection, Item
from search.insight.interest.events import events_of, learns_interest
from search.insight.interest.personal import Reason, ReasonKind
from search.insight.interest.subjects import refuses_recording, subject_of_request
from search.models.interest import EventKind

register = template.Library()

IN_WORDS: Final = {ReasonKind.POPULAR: "Popular here", ReasonKind.RECENT: "New here"}


@dataclass(frozen=True, slots=True)
class Liking:
    """What the visitor said of the item, and how it is to be recorded that they look at it; empty for not at all."""

    is_liked: bool
    is_hidden: bool
    kind: str


@register.filter
def learns(collection: Collection) -> bool:
    return learns_interest(collection)


@register.simple_tag
def liking_of(request: HttpRequest, item: Item) -> Liking | None:
    """None where the collection learns nothing, or the item is not for everybody to see."""
    if not item.is_visible or not learns_interest(item.collection):
        return None
    subject = subject_of_request(request)
    said: set[str] = set()
    if subject is not None:
        said = set(events_of(item.collection, subject).filter(item=item).values_list("kind", flat=True))
    kind = "" if refuses_recording(request) else _kind(request, item)
    return Liking(EventKind.LIKE in said, EventKind.HIDE in said, kind)


def _kind(request: HttpRequest, item: Item) -> str:
    """Whoever comes from a list of the collection has chosen the item there."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    lists = {f"/c/{item.collection.slug}/", f"/c/{item.collection.slug}/for-you"}
    is_from_list = came_from.netloc == request.get_host() and came_from.path in lists
    return EventKind.CLICK if is_from_list else EventKind.VIEW


@register.filter
def leading_words(reason: Reason) -> str:
    """The beginning of a reason; the items that it names follow."""
    if reason.kind == ReasonKind.PEOPLE:
        return "Taken to by people who took to"
    return IN_WORDS.get(reason.kind, "Like")
