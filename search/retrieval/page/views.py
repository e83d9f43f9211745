"""The search page; a request by htmx gets only the part that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url, replace_url
from django_htmx.middleware import HtmxDetails

from catalog.access import actor_of_user, readable_collection
from search.retrieval.page.page import SearchPage, search_page
from search.retrieval.page.suggestions import suggest

ANSWER: Final = "search/_answer.html"
MORE: Final = "search/_more.html"

if TYPE_CHECKING:

    class HtmxRequest(HttpRequest):
        htmx: HtmxDetails


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def page(request: HtmxRequest, slug: str) -> HttpResponse:
    """Works without JavaScript; with it, results are replaced while typing and the address follows."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    template = _template(request)
    found = search_page(collection, request.GET, only_last=template == MORE)
    context = {"page": found, "collection": collection}
    response = render(request, template, context, status=found.status)
    if template == MORE:
        return replace_url(response, found.address) if found.is_from_start else response
    return _with_address(request, response, found) if template == ANSWER else response


@require_safe
def suggestions(request: HttpRequest, slug: str) -> JsonResponse:
    """Titles for the list below the box, while somebody types."""
    collection = readable_collection(actor_of_user(request.user), slug)
    return JsonResponse({"suggestions": suggest(collection, request.GET.get("q", ""))})


def _template(request: HtmxRequest) -> str:
    if not request.htmx or request.htmx.history_restore_request:
        return "search/page.html"
    return MORE if request.htmx.target == "more" else ANSWER


def _with_address(request: HtmxRequest, response: HttpResponse, found: SearchPage) -> HttpResponse:
    """Typing replaces the address, anything else is a step one can go back from."""
    return (replace_url if request.htmx.trigger_name == "q" else push_url)(response, found.address)
