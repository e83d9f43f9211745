"""Whether an item can be found yet: a fragment that asks again until it can."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from catalog.access import actor_of_user, readable_collection
from catalog.visibility import visible_item
from search.embedding.status import WAITING, item_embeddings


@require_safe
@never_cache
def indexing(request: HttpRequest, slug: str, external_id: str) -> HttpResponse:
    """Tells the page by the event `indexed` when the wait is over, so that it fetches what depends on vectors."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    item = visible_item(actor=actor, collection=collection, external_id=external_id)
    embedding = item_embeddings([item.pk]).get(item.pk)
    response = render(request, "search/_indexing.html", {"item": item, "collection": collection, "was_waiting": True})
    is_waiting = embedding is not None and embedding.state in WAITING
    return response if is_waiting else trigger_client_event(response, "indexed")
