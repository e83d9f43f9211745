"""The search page; a request by htmx gets only the part that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url, replace_url
from django_htmx.middleware import HtmxDetails

from catalog.access import actor_of_user, readable_collection
from search.retrieval.page.page import SearchPage, search_page

ANSWER: Final = "search/_answer.html"

if TYPE_CHECKING:

    class HtmxRequest(HttpRequest):
        htmx: HtmxDetails


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def page(request: HtmxRequest, slug: str) -> HttpResponse:
    """Works without JavaScript; with it, results are replaced while typing and the address follows."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    found = search_page(collection, request.GET)
    context = {"page": found, "collection": collection}
    response = render(request, _template(request), context, status=found.status)
    return _with_address(request, response, found) if _template(request) == ANSWER else response


def _template(request: HtmxRequest) -> str:
    if not request.htmx or request.htmx.history_restore_request:
        return "search/page.html"
    return "search/_more.html" if request.htmx.target == "more" else ANSWER


def _with_address(request: HtmxRequest, response: HttpResponse, found: SearchPage) -> HttpResponse:
    """Typing replaces the address, anything else is a step one can go back from."""
    address = found.links.page(found.number)
    return (replace_url if request.htmx.trigger_name == "q" else push_url)(response, address)
