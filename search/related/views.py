"""The related items of an item page, fetched again once the item has been indexed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.access import actor_of_user, readable_collection
from catalog.visibility import visible_item


@require_safe
@never_cache
def related(request: HttpRequest, slug: str, external_id: str) -> HttpResponse:
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    item = visible_item(actor=actor, collection=collection, external_id=external_id)
    return render(request, "search/_related.html", {"collection": collection, "item": item})
