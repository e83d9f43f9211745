"""What a person did in this review, kept in the session so that it can be taken back, the last step first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from catalog.access import actor_of_user
from catalog.admin.scope import own_rows
from catalog.errors import CatalogError
from search.admin.pairs.desk import ReviewDesk
from search.admin.pairs.queue_view import pair_address
from search.duplicates.review.review import Step, undo
from search.models import DuplicatePair

KEY = "duplicate_review"
MAX_ENTRIES = 20
MAX_TITLE = 200  # characters


def remember(request: HttpRequest, title: str, steps: Sequence[Step]) -> None:
    """Adds what was done, under a title that says what undoing takes back."""
    if not steps:
        return
    entry = {"title": title[:MAX_TITLE], "steps": [astuple(step) for step in steps]}
    request.session[KEY] = [*request.session.get(KEY, []), entry][-MAX_ENTRIES:]


def last_title(request: HttpRequest) -> str:
    """What undoing would take back, or nothing."""
    entries = request.session.get(KEY, [])
    return entries[-1]["title"] if entries else ""


def undo_last(desk: ReviewDesk, request: HttpRequest) -> HttpResponse:
    """Takes back what was done last and leads to its pair, or back to the page of many."""
    entries = request.session.get(KEY, [])
    if not entries:
        messages.warning(request, "There is nothing to undo in this review.")
        return HttpResponseRedirect(way_back(request))
    entry, steps = entries[-1], [Step(*step) for step in entries[-1]["steps"]]
    if any(step.merge_id for step in steps) and not desk.has_merge_permission(request):
        raise PermissionDenied
    done_to = DuplicatePair.objects.filter(pk__in={step.pair_id for step in steps})
    if done_to.exclude(pk__in=own_rows(request, done_to).values("pk")).exists():
        raise PermissionDenied  # a member no longer
    request.session[KEY] = entries[:-1]
    try:
        undo(steps=steps, actor=actor_of_user(request.user))
    except CatalogError as error:
        messages.error(request, f"Not undone: {entry['title']} {error.message}")
        return HttpResponseRedirect(way_back(request))
    for pair in DuplicatePair.objects.filter(pk__in=[step.pair_id for step in steps]):
        desk.log_change(request, pair, f"Undone: {entry['title']}")
    note = (
        " What was merged is apart again, and as undecided as before." if any(step.merge_id for step in steps) else ""
    )
    messages.success(request, f"Undone: {entry['title']}{note}")
    only = DuplicatePair.objects.filter(pk=steps[0].pair_id).first() if len(steps) == 1 else None
    return HttpResponseRedirect(pair_address(request, only) if only else way_back(request))


def way_back(request: HttpRequest) -> str:
    """The page that the form names in `back`, if it is one of ours, else the queue."""
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if back and is_ours else reverse("admin:search_duplicatepair_changelist")
