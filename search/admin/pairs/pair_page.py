"""The page of one pair: both items, what a merge would give, the evidence, and the way to the next pair."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.access import actor_of_user
from catalog.admin.scope import own_rows
from catalog.errors import CatalogError
from catalog.models import Item, MergeRecord
from search.admin.pairs.desk import ReviewDesk
from search.admin.pairs.evidence_table import read_terms
from search.admin.pairs.merge_form import field_choices, merge_form
from search.admin.pairs.queue_view import filters_of, list_address, pair_address, view_of
from search.admin.pairs.review_steps import last_title, remember, way_back
from search.duplicates.review.decisions import Decision, history_of
from search.duplicates.review.merging import UNDONE, merge_of, merge_pair, suggest_keeper, unmerge_pair
from search.duplicates.review.review import Step, next_pair, previous_pair, progress_of
from search.models import DuplicatePair
from search.models.duplicate import PairState

MAX_REASON_LENGTH = 2_000  # characters
MERGE = "merge"  # of the page's decisions; the others are states


def page_context(request: HttpRequest, pair: DuplicatePair, *, can_decide: bool, can_merge: bool) -> dict[str, Any]:
    """What the page shows. The items are read again, with their texts."""
    _read_items(pair)
    record = merge_of(pair)
    is_open = record is None and pair.first.merged_into_id is None and pair.second.merged_into_id is None
    suggestion = suggest_keeper(pair)
    keeper_id = _keeper_of(pair, request.GET.get("keeper")) or suggestion.keeper.pk
    following, before = (beside(pair, view_of(request)) for beside in (next_pair, previous_pair))
    items = [pair.first, pair.second]
    return {
        "title": "The same, or not?",
        "pair": pair,
        "sides": [(item, reverse("admin:catalog_item_change", args=[item.pk])) for item in items],
        "merge": merge_form(*items, keeper_id=keeper_id, data=request.GET),
        "suggestion": suggestion,
        "record": record,
        "terms": read_terms(pair.evidence),
        "past": history_of(pair),
        "can_decide": can_decide,
        "can_merge": can_merge and is_open,
        "can_unmerge": can_merge and record is not None,
        "next_address": pair_address(request, following) if following else list_address(request),
        "previous_address": pair_address(request, before) if before else "",
        "filters": filters_of(request),
        "decide_address": reverse("admin:search_duplicatepair_decide", args=[pair.pk]),
        "progress": progress_of([pair.collection_id]),
        "undo_title": last_title(request) if can_decide else "",
    }


def decide_and_go_on(desk: ReviewDesk, request: HttpRequest, pair_id: int) -> HttpResponse:
    """Takes the decision of a pair's page and leads to the next pair of the queue."""
    pair = get_object_or_404(own_rows(request, DuplicatePair.objects.all()), pk=pair_id)
    decision = request.POST.get("decision", "")
    if decision not in (*PairState.values, MERGE):
        return HttpResponse("There is no such decision.", status=422)
    if decision == MERGE and not desk.has_merge_permission(request):
        raise PermissionDenied
    _read_items(pair)
    try:
        step, done = (_merge if decision == MERGE else _decide)(desk, request, pair)
    except CatalogError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(pair_address(request, pair))
    remember(request, done, [step])
    messages.success(request, done)
    following = pair if decision == PairState.SUGGESTED else next_pair(pair, view_of(request))
    return HttpResponseRedirect(pair_address(request, following) if following else list_address(request))


def undo_merge(desk: ReviewDesk, request: HttpRequest, record_id: int) -> HttpResponse:
    """Undoes a merge from the page of a pair or of an item."""
    records = own_rows(request, MergeRecord.objects.select_related("keeper", "other"), "keeper__collection")
    record = get_object_or_404(records, pk=record_id)
    try:
        unmerge_pair(record=record, actor=actor_of_user(request.user), reason=_reason(request) or UNDONE)
    except CatalogError as error:
        messages.error(request, error.message)
    else:
        done = f"“{record.other}” is an item of its own again; its pair with “{record.keeper}” is undecided."
        for item in (record.keeper, record.other):
            desk.log_change(request, cast("Any", item), f"Merge undone: {done}")
        messages.success(request, done)
    return HttpResponseRedirect(way_back(request))


def _read_items(pair: DuplicatePair) -> None:
    items = Item.objects.light().in_bulk([pair.first_id, pair.second_id])
    pair.first, pair.second = items[pair.first_id], items[pair.second_id]


def _keeper_of(pair: DuplicatePair, asked: str | None) -> int | None:
    return next((pk for pk in (pair.first_id, pair.second_id) if str(pk) == asked), None)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:MAX_REASON_LENGTH]


def _decide(desk: ReviewDesk, request: HttpRequest, pair: DuplicatePair) -> tuple[Step, str]:
    decision, before = PairState(request.POST["decision"]), cast("Decision", pair.state)
    desk.decide(request, pair, decision, _reason(request))
    done = f"“{pair.first}” and “{pair.second}”: {decision.label.lower()}."
    return Step(pair.pk, cast("Decision", decision.value), before), done


def _merge(desk: ReviewDesk, request: HttpRequest, pair: DuplicatePair) -> tuple[Step, str]:
    before = cast("Decision", pair.state)
    keeper_id = _keeper_of(pair, request.POST.get("keeper")) or suggest_keeper(pair).keeper.pk
    choices = field_choices(pair.first, pair.second, keeper_id=keeper_id, data=request.POST)
    actor = actor_of_user(request.user)
    record = merge_pair(pair=pair, keeper_id=keeper_id, actor=actor, field_choices=choices, reason=_reason(request))
    keeper, other = (pair.first, pair.second) if keeper_id == pair.first_id else (pair.second, pair.first)
    done = f"“{other}” ({other.external_id}) was merged into “{keeper}” ({keeper.external_id})."
    for one in (pair, keeper, other):
        desk.log_change(request, cast("Any", one), f"{done} {_reason(request)}".strip())
    return Step(pair.pk, "confirmed", before, record.pk), done
