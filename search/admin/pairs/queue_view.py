"""The filters and the order of the list from which a person came, kept on the way from pair to pair."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from search.duplicates.review.review import QueueView
from search.models import DuplicatePair

FILTERS = "_changelist_filters"  # Django's name for what it appends to the links of a list
BY_IMPACT, BY_INFORMS = "-2", "-3"  # the list's order by its second or third column, largest first
ORDERS: dict[str, Literal["impact", "informs"]] = {BY_IMPACT: "impact", BY_INFORMS: "informs"}
COLLECTION = "duplicate_collection"  # of the session
YES_OR_NO = {"1": True, "0": False}


def came_from(request: HttpRequest, collection_id: int) -> None:
    """Remembers the collection that a person reviews, so that other pages of the review open on it."""
    if request.session.get(COLLECTION) != collection_id:
        request.session[COLLECTION] = collection_id


def last_collection(request: HttpRequest) -> int | str:
    """The primary key of the collection reviewed last, or nothing."""
    found: int | str = request.session.get(COLLECTION, "")
    return found


def filters_of(request: HttpRequest) -> str:
    """The query of the list, as the page's address or form has it."""
    return request.POST.get(FILTERS) or request.GET.get(FILTERS) or ""


def view_of(request: HttpRequest) -> QueueView:
    """What the filters say of the way through the queue; what they say beside that is for the list alone."""
    filters = QueryDict(filters_of(request))
    return QueueView(
        order=ORDERS.get(filters.get("o", "").split(".")[0]),
        is_flagged=YES_OR_NO.get(filters.get("is_flagged__exact", "")),
        is_variant=YES_OR_NO.get(filters.get("is_variant__exact", "")),
        is_changed=YES_OR_NO.get(filters.get("is_changed__exact", "")),
    )


def pair_address(request: HttpRequest, pair: DuplicatePair) -> str:
    """The page of a pair, which knows the filters, too."""
    filters = filters_of(request)
    address = reverse("admin:search_duplicatepair_change", args=[pair.pk])
    return f"{address}?{urlencode({FILTERS: filters})}" if filters else address


def list_address(request: HttpRequest) -> str:
    """The list as the person left it."""
    filters = filters_of(request)
    address = reverse("admin:search_duplicatepair_changelist")
    return f"{address}?{QueryDict(filters).urlencode()}" if filters else address
