"""The Insight page of a collection and the page of a topic; for curators also the button that computes anew."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalog.access import actor_of_user, readable_collection, require
from catalog.client_address import counted_as
from catalog.errors import NotFound
from catalog.models.api_key import Scope
from catalog.models.run import RunKind
from catalog.schemas import parse_search_settings
from search.insight.page import overview
from search.insight.runs import ask_for
from search.insight.topics import listing
from search.insight.trends import searches, weeks
from search.insight.trends.values import coverage_of
from search.models import ItemPlace, Topic

RECOMPUTED = (RunKind.TOPICS, RunKind.TAGS, RunKind.MISFILED, RunKind.MAP)


@require_safe
@never_cache
def insight(request: HttpRequest, slug: str) -> HttpResponse:
    """What is in the collection. What waits for review is for curators only."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    is_curator = actor.has(Scope.CURATE, collection)
    topics = listing.topics_of(collection)
    context = {
        "collection": collection,
        "topics": topics,
        "weeks": weeks.added_by_week(collection),
        "coverage": coverage_of(collection),
        "counts_searches": parse_search_settings(collection.search_settings).count_searches,
        "computed_at": topics[0].topic.computed_at if topics else None,
        "running": overview.running(collection) if is_curator else [],
        "queues": overview.queues_of(collection) if is_curator else [],
        "is_curator": is_curator,
        "has_map": ItemPlace.objects.filter(collection=collection).exists(),
    }
    if is_curator:  # what others typed is not for everybody
        context |= {
            "searched_weeks": weeks.searched_by_week(collection),
            "frequent": searches.frequent(collection),
            "in_vain": searches.in_vain(collection),
        }
    return render(request, "search/insight.html", context)


@require_safe
@never_cache
def topic(request: HttpRequest, slug: str, topic_id: int) -> HttpResponse:
    """The items of one topic, the most typical first. A topic that was merged leads to the one that stays."""
    collection = readable_collection(actor_of_user(request.user), slug)
    found = Topic.objects.filter(collection=collection, pk=topic_id).select_related("parent").defer("centroid").first()
    if found is None:
        raise NotFound(f"There is no topic {topic_id} in '{collection.slug}'.")
    if found.merged_into_id is not None:
        return redirect("search:topic", collection.slug, found.merged_into_id)
    page = Paginator(listing.items_of(found), overview.PAGE_SIZE).get_page(request.GET.get("page"))
    for item in page.object_list:
        item.collection = collection
    children = [view for view in listing.topics_of(collection) if view.topic.pk == found.pk]
    context = {"collection": collection, "topic": found, "page": page, "views": children}
    return render(request, "search/topic.html", context)


@require_safe
@never_cache
def added(request: HttpRequest, slug: str, year: int, month: int, day: int) -> HttpResponse:
    """The items that were added in the week from that day on."""
    collection = readable_collection(actor_of_user(request.user), slug)
    try:
        start = date(year, month, day)
    except ValueError as error:
        raise NotFound("There is no such day.") from error
    page = Paginator(weeks.items_added(collection, start), overview.PAGE_SIZE).get_page(request.GET.get("page"))
    for item in page.object_list:
        item.collection = collection
    return render(request, "search/added.html", {"collection": collection, "start": start, "page": page})


@require_safe
@never_cache
def searched(request: HttpRequest, slug: str) -> HttpResponse:
    """Counts a search that a browser shows the answer of; see search.insight.trends.searches."""
    collection = readable_collection(actor_of_user(request.user), slug)
    visitor = f"user:{request.user.pk}" if request.user.is_authenticated else counted_as(request)
    is_found = request.GET.get("found") == "1"
    searches.count(collection, request.GET.get("q", ""), visitor=visitor, is_found=is_found)
    return HttpResponse(status=204)


@require_POST
def recompute(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for everything to be computed anew; needs a curator."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    require(actor, Scope.CURATE, collection)
    for kind in RECOMPUTED:
        ask_for(kind, collection, user_id=actor.user_id)
    messages.success(request, "Asked for. Workers compute it; this page shows how far they are.")
    return redirect("search:insight", collection.slug)
