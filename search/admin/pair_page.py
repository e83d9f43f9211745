"""The page of one pair: both items side by side, the evidence, the buttons, and the way to the next pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.errors import CatalogError
from catalog.models import Item
from search.admin.differences import Difference, compare_attributes, mark_differences
from search.admin.evidence import read_terms
from search.models import DuplicatePair
from search.models.duplicate import PairState

if TYPE_CHECKING:
    from search.admin.duplicate_pair import DuplicatePairAdmin

MAX_REASON_LENGTH = 2_000  # characters


def page_context(pair: DuplicatePair, *, can_decide: bool) -> dict[str, Any]:
    """What the page shows. The items are read again, with their texts."""
    items = Item.objects.light().in_bulk([pair.first_id, pair.second_id])
    first, second = items[pair.first_id], items[pair.second_id]
    following = next_pair(pair)
    return {
        "title": "The same, or not?",
        "pair": pair,
        "items": [first, second],
        "item_addresses": [reverse("admin:catalog_item_change", args=[item.pk]) for item in (first, second)],
        "texts": [_compare("Title", first.title, second.title), _compare("Text", first.body, second.body)],
        "attributes": compare_attributes(first.attributes, second.attributes),
        "terms": read_terms(pair.evidence),
        "can_decide": can_decide,
        "next_address": address_of(following) if following else None,
        "decide_address": reverse("admin:search_duplicatepair_decide", args=[pair.pk]),
        "left_to_review": DuplicatePair.objects.filter(
            collection=pair.collection_id, state=PairState.SUGGESTED
        ).count(),
    }


def _compare(name: str, left: str, right: str) -> Difference:
    return Difference(name, *mark_differences(left, right), is_same=left == right)


def next_pair(pair: DuplicatePair) -> DuplicatePair | None:
    """The pair that follows in the collection's queue."""
    queue = DuplicatePair.objects.filter(collection=pair.collection_id, state=PairState.SUGGESTED)
    behind = Q(score__lt=pair.score) | Q(score=pair.score, id__gt=pair.pk)
    return queue.filter(behind).only("pk").order_by("-score", "id").first()


def address_of(pair: DuplicatePair) -> str:
    return reverse("admin:search_duplicatepair_change", args=[pair.pk])


def decide_and_go_on(model_admin: DuplicatePairAdmin, request: HttpRequest, pair_id: int) -> HttpResponse:
    """Takes the decision of a pair's page and leads to the next pair of the queue."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not model_admin.has_decide_permission(request):
        raise PermissionDenied
    pair = get_object_or_404(DuplicatePair, pk=pair_id)
    decision = request.POST.get("decision", "")
    if decision not in PairState.values:
        return HttpResponse("There is no such decision.", status=422)
    try:
        reason = request.POST.get("reason", "")[:MAX_REASON_LENGTH]
        model_admin.decide(request, pair, PairState(decision), reason)
    except CatalogError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(address_of(pair))
    messages.success(request, f"{pair}: {PairState(decision).label.lower()}.")
    following = pair if decision == PairState.SUGGESTED else next_pair(pair)
    changelist = reverse("admin:search_duplicatepair_changelist")
    return HttpResponseRedirect(address_of(following) if following else changelist)
