"""The page on which curators see what their decisions teach, and put it in use or back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.access import actor_of_user
from catalog.admin.site import Desk, row_number
from catalog.errors import CatalogError
from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind
from search.duplicates.calibration.correction import FEWEST_DECISIONS
from search.duplicates.calibration.proposal import Change, Recalibration
from search.duplicates.calibration.tuning import (
    apply_again,
    apply_calibration,
    calibration_in_use,
    fingerprint_of,
    history_of_calibrations,
    propose_calibration,
    revert_to_defaults,
    scorer_of,
)
from search.duplicates.comparing.rescan import queue_scan
from search.duplicates.evidence.explanation import LABELS
from search.duplicates.evidence.scorer import Scorer
from search.duplicates.rules import rules_of
from search.models import DuplicateCalibration, DuplicatePair
from search.models.duplicate import PairState

TEMPLATE = "admin/catalog/collection/calibrate.html"
MAX_EXAMPLES = 5
MAX_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Example:
    """A pair whose lot would change."""

    pair: DuplicatePair
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """The pairs of which the same would become, and those whose score changes most."""

    what: str
    count: int
    examples: list[Example]


def show(desk: Desk, request: HttpRequest, collection: Collection, *, can_change: bool) -> HttpResponse:
    """Everything that a person needs to know before applying the proposal."""
    rules, scorer = rules_of(collection), scorer_of(collection)
    proposal = propose_calibration(collection)
    is_decided = Q(state=PairState.CONFIRMED) | Q(state=PairState.DISMISSED)
    counts = DuplicatePair.objects.filter(is_decided, collection=collection).exclude(evidence=[]).order_by()
    context: dict[str, Any] = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "title": f"Calibrate duplicates: {collection}",
        "collection": collection,
        "decided": dict(counts.values_list("state").annotate(count=Count("pk"))),
        "fewest": FEWEST_DECISIONS,
        "rules": rules,
        "in_use": calibration_in_use(collection),
        "history": history_of_calibrations(collection)[:MAX_HISTORY],
        "last_scan": Run.objects.filter(kind=RunKind.DUPLICATE_SCAN, collection=collection).first(),
        "proposal": proposal,
        "can_change": can_change,
    }
    if proposal is not None:
        context |= {
            "fingerprint": fingerprint_of(proposal),
            "weights": _weights(scorer, proposal.scorer),
            "changes": _changes(proposal),
            "is_better": proposal.expected.f1 > proposal.now.f1,
        }
    return TemplateResponse(request, TEMPLATE, context)


def act(desk: Desk, request: HttpRequest, collection: Collection) -> HttpResponse:
    """Applies, reverts, applies an earlier one again, or scans; each leads to a scan that uses the weights."""
    actor = actor_of_user(request.user)
    action = request.POST.get("action", "")
    try:
        if action == "apply":
            apply_calibration(collection=collection, fingerprint=request.POST.get("fingerprint", ""), actor=actor)
        elif action == "revert":
            revert_to_defaults(collection=collection, actor=actor)
        elif action == "again":
            pk = row_number(request.POST.get("calibration"))
            calibration = get_object_or_404(DuplicateCalibration, pk=pk, collection=collection)
            apply_again(calibration=calibration, actor=actor)
        elif action != "scan":
            return HttpResponse("There is no such action.", status=422)
    except CatalogError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse("admin:search_calibrate", args=[collection.pk]))
    queue_scan(collection=collection, user_id=actor.user_id)
    done = {
        "apply": "The calibration is in use.",
        "revert": "The defaults are in use again.",
        "again": "The earlier calibration is in use again.",
        "scan": "",
    }[action]
    if done:
        desk.log_change(request, collection, f"Duplicates: {done}")
    messages.success(request, f"{done} The collection's pairs are being scanned anew.".strip())
    return HttpResponseRedirect(reverse("admin:search_calibrate", args=[collection.pk]))


def _weights(now: Scorer, proposed: Scorer) -> list[tuple[str, float, float]]:
    """Each term with its weight now and as proposed, the largest change first."""
    rows = [
        (label, now.weights.get(name, 0.0), proposed.weights.get(name, 0.0))
        for name, label in LABELS.items()
        if name in now.weights or name in proposed.weights
    ]
    rows.append(("Every pair, before any evidence", now.intercept, proposed.intercept))
    return sorted(rows, key=lambda row: -abs(row[2] - row[1]))


def _changes(proposal: Recalibration) -> list[ChangeGroup]:
    groups = [
        ("newly flagged", proposal.flagged),
        ("no longer flagged", proposal.unflagged),
        ("no longer suggested", proposal.dropped),
    ]
    shown = {what: sorted(rows, key=lambda one: -abs(one.after - one.before))[:MAX_EXAMPLES] for what, rows in groups}
    pairs = _pairs([one for rows in shown.values() for one in rows])
    return [
        ChangeGroup(
            what,
            len(rows),
            [Example(pairs[one.pair_id], one.before, one.after) for one in shown[what] if one.pair_id in pairs],
        )
        for what, rows in groups
    ]


def _pairs(changes: Sequence[Change]) -> dict[int, DuplicatePair]:
    titles = Item.objects.only("title", "external_id")
    rows = DuplicatePair.objects.defer("evidence").prefetch_related(
        Prefetch("first", titles), Prefetch("second", titles)
    )
    return rows.in_bulk([one.pair_id for one in changes])
