"""The pages of personal interest: the row "For you", what is kept of the visitor, and the buttons that change it."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalog.access import actor_of_user, readable_collection
from catalog.errors import InvalidInput, NotFound
from catalog.models import Collection, Item
from catalog.visibility import visible_item
from search.insight.interest import events
from search.insight.interest.personal import for_you
from search.insight.interest.subjects import refuses_recording, subject_of_request, subject_to_record
from search.models.interest import EventKind

ROW = 6  # items
PAGE = 24
SHOWN_EVENTS = 100
QUIET = (EventKind.VIEW, EventKind.CLICK)  # what happens without a person saying so


def _collection(request: HttpRequest, slug: str) -> Collection:
    """Raises NotFound where nothing is learnt, too: there is no such page then."""
    collection = readable_collection(actor_of_user(request.user), slug)
    if not events.learns_interest(collection):
        raise NotFound(f"'{collection.slug}' keeps nothing of what people do.")
    return collection


@require_safe
@never_cache
def row(request: HttpRequest, slug: str) -> HttpResponse:
    """The fragment of the start page; empty where there is nothing to show."""
    collection = _collection(request, slug)
    found = for_you(collection, subject_of_request(request), limit=ROW)
    return render(request, "search/_for_you.html", {"collection": collection, "found": found})


@require_safe
@never_cache
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """What suits the visitor, and all that is kept of them."""
    collection = _collection(request, slug)
    subject = subject_of_request(request)
    kept = events.events_of(collection, subject) if subject else None
    context = {
        "collection": collection,
        "found": for_you(collection, subject, limit=PAGE),
        "kept": list(kept.select_related("item").defer("item__search_vector")[:SHOWN_EVENTS]) if kept else [],
        "count": kept.count() if kept else 0,
        "is_refusing": refuses_recording(request),
        "days": events.days_kept(collection),
    }
    return render(request, "search/for_you.html", context)


@require_POST
def record(request: HttpRequest, slug: str) -> HttpResponse:
    """One event of this visitor; `undo` takes a like or a hiding back. What a browser refuses is not kept."""
    collection = _collection(request, slug)
    item = visible_item(
        actor=actor_of_user(request.user), collection=collection, external_id=request.POST.get("item", "")
    )
    kind = _kind(request.POST.get("kind", ""))
    if kind in QUIET and (refuses_recording(request) or not item.is_visible):
        return HttpResponse(status=204)
    if request.POST.get("undo"):
        if subject := subject_of_request(request):
            events.take_back(collection, subject=subject, item=item, kind=kind)
    else:
        new = events.NewEvent(item.pk, kind, timezone.now())
        events.record(collection, subject=subject_to_record(request), events=[new])
    return _answer(request, collection, item, kind)


def _kind(text: str) -> EventKind:
    try:
        return EventKind(text)
    except ValueError as error:
        raise InvalidInput("kind: must be view, click, like or hide") from error


def _answer(request: HttpRequest, collection: Collection, item: Item, kind: EventKind) -> HttpResponse:
    if kind in QUIET:
        return HttpResponse(status=204)
    if request.headers.get("HX-Request"):
        return render(request, "search/_liking.html", {"collection": collection, "item": item})
    return redirect("catalog:item", collection.slug, item.external_id)


@require_safe
@never_cache
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """All that is kept of this visitor in the collection, as a file."""
    collection = _collection(request, slug)
    subject = subject_of_request(request)
    rows = events.exported(collection, subject) if subject else []
    response = HttpResponse(
        json.dumps({"collection": collection.slug, "events": rows}, indent=1), content_type="application/json"
    )
    response["Content-Disposition"] = f'attachment; filename="events-{collection.slug}.json"'
    return response


@require_POST
def erase(request: HttpRequest, slug: str) -> HttpResponse:
    """Forgets all of it, at once."""
    collection = _collection(request, slug)
    if subject := subject_of_request(request):
        events.erase(collection, subject)
    return redirect("search:for_you", collection.slug)
