"""The start page and the item page. What search knows of an item is added by the template's tags."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from catalog.access import actor_of_user, readable_collection, readable_collections
from catalog.models.api_key import Scope
from catalog.pages.counts import visible_counts
from catalog.pages.facts import describe
from catalog.schemas import parse_attribute_schema
from catalog.visibility import visible_item


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The collections the visitor may know of. `?collection=&q=` goes on to that collection's search."""
    actor = actor_of_user(request.user)
    if slug := request.GET.get("collection", ""):
        collection = readable_collection(actor, slug)
        return redirect(
            f"{reverse('search:page', args=[collection.slug])}?{urlencode({'q': request.GET.get('q', '')})}"
        )
    collections = list(readable_collections(actor))
    counts = visible_counts(collection.pk for collection in collections)
    rows = [(collection, counts[collection.pk]) for collection in collections]
    return render(request, "catalog/home.html", {"collections": rows})


@require_safe
@cache_control(max_age=24 * 3_600)
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look without being told, on pages that are not ours."""
    return redirect(static("img/akin.svg"))


@require_safe
@never_cache
def item_page(request: HttpRequest, slug: str, external_id: str) -> HttpResponse:
    """One item with all that is known of it. A merged item leads to its keeper."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    item = visible_item(actor=actor, collection=collection, external_id=external_id)
    if item.external_id != external_id:
        return redirect("catalog:item", collection.slug, item.external_id, permanent=True)
    facts = describe(parse_attribute_schema(collection.attribute_schema), item.attributes)
    is_curator = actor.has(Scope.CURATE, collection)
    context = {"collection": collection, "item": item, "facts": facts, "is_curator": is_curator}
    return render(request, "catalog/item.html", context)
