"""The page of a collection's map, and what its script asks for: points, an item, the hits of a search, chosen items."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, Final

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalog.access import actor_of_user, readable_collection
from catalog.errors import InvalidInput, NotFound
from catalog.models import Collection, Item
from catalog.models.api_key import Scope
from catalog.models.run import RunKind
from catalog.pages.facts import describe
from catalog.schemas import parse_attribute_schema
from search.insight.map.points import TOPICS, colourings, drawn
from search.insight.page.overview import running
from search.insight.runs import last_run
from search.insight.topics.listing import topic_of_item, topics_of
from search.models import ItemPlace
from search.retrieval.query.parameters import parse_search
from search.retrieval.search import search

RENDERER: Final = "vendor/deck.gl.js"
HITS = 200  # lit up
LISTED = 200  # of the chosen items that are named
MOST_CHOSEN = 200_000
ACTIONS: Final = {
    "publish": "Publish",
    "unpublish": "Unpublish (draft)",
    "archive": "Archive",
    "set_attribute": "Set an attribute",
    "clear_attribute": "Clear an attribute",
    "export_csv": "Export as CSV",
}


@require_safe
@never_cache
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The map; where it cannot be drawn, its topics and the hits of a search as lists."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    query_text = request.GET.get("q", "")[:1_000]
    choices = colourings(collection)
    run = last_run(RunKind.MAP, collection)
    is_curator = actor.has(Scope.CURATE, collection)
    context = {
        "collection": collection,
        "has_map": ItemPlace.objects.filter(collection=collection).exists(),
        "computed_at": run.finished_at if run else None,
        "renderer": RENDERER if is_renderer_there() else "",
        "choices": choices,
        "by": request.GET.get("by") if request.GET.get("by") in choices else TOPICS,
        "query_text": query_text,
        "hits": _hits(request, collection)["hits"] if query_text else [],
        "topics": topics_of(collection),
        "actions": ACTIONS if is_curator and (admin_list := _admin_list()) else {},
        "admin_list": admin_list if is_curator else "",
        "running": [one for one in running(collection) if one.kind == RunKind.MAP] if is_curator else [],
    }
    return render(request, "search/map.html", context)


@cache
def is_renderer_there() -> bool:
    """Whether `make install` could take in deck.gl."""
    return finders.find(RENDERER) is not None


def _admin_list() -> str:
    try:
        return reverse("admin:catalog_item_changelist")
    except NoReverseMatch:
        return ""


@require_safe
@never_cache
def points(request: HttpRequest, slug: str) -> HttpResponse:
    """All that is drawn, as binary; see search.insight.map.points."""
    collection = _collection(request, slug)
    by = request.GET.get("by", TOPICS)
    if by not in colourings(collection):
        raise InvalidInput("by: must be topic or a facet attribute", [{"field": "by", "reason": "unknown"}])
    return HttpResponse(drawn(collection, by), content_type="application/octet-stream")


@require_safe
@never_cache
def item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """One point in words."""
    collection = _collection(request, slug)
    rows = Item.objects.visible().light().filter(collection=collection, pk=item_id)
    found = rows.first()
    if found is None:
        raise NotFound("There is no such item.")
    facts = describe(parse_attribute_schema(collection.attribute_schema), found.attributes)[:3]
    topic = topic_of_item(found)
    return JsonResponse(
        {
            "title": str(found)[:200],
            "url": reverse("catalog:item", args=[collection.slug, found.external_id]),
            "facts": [f"{fact.label}: {fact.text}"[:100] for fact in facts],
            "topic": str(topic) if topic else "",
        }
    )


@require_safe
@never_cache
def hits(request: HttpRequest, slug: str) -> HttpResponse:
    """The first hits of a search, with the same filters as the search page."""
    return JsonResponse(_hits(request, _collection(request, slug)))


def _hits(request: HttpRequest, collection: Collection) -> dict[str, Any]:
    params = request.GET.copy()
    params.pop("by", None)
    asked = parse_search(collection, params)
    found = search(replace(asked, limit=HITS, offset=0, facets=()))
    rows = [_named(collection, hit.external_id, hit.title, hit.item_id) for hit in found.hits]
    return {"hits": rows[: found.total] if found.total else [], "total": found.total}


@require_POST
def chosen(request: HttpRequest, slug: str) -> HttpResponse:
    """The items that a person has drawn a line around, by name as far as they can be read in one go."""
    collection = _collection(request, slug)
    ids = [int(text) for text in request.POST.get("ids", "").split(",")[:MOST_CHOSEN] if text.isdecimal()]
    visible = Item.objects.visible().filter(collection=collection, pk__in=[pk for pk in ids if pk < 2**63])
    rows = visible.order_by("pk").values_list("external_id", "title", "pk")[:LISTED]
    names = [_named(collection, *row) for row in rows]
    return JsonResponse({"hits": names, "total": visible.count()})


def _named(collection: Collection, external_id: str, title: str, item_id: int) -> dict[str, Any]:
    url = reverse("catalog:item", args=[collection.slug, external_id])
    return {"id": item_id, "title": (title or external_id)[:200], "url": url}


def _collection(request: HttpRequest, slug: str) -> Collection:
    return readable_collection(actor_of_user(request.user), slug)
