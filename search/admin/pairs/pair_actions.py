"""Decisions about many pairs at once: what will happen is shown first, and done when it is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from catalog.access import actor_of_user
from catalog.admin.site import may
from catalog.models import Item
from search.admin.pairs.review_steps import remember
from search.duplicates.review.decisions import Decision
from search.duplicates.review.merge_plan import Planned, plan
from search.duplicates.review.merging import Suggestion, suggest_keepers
from search.duplicates.review.pairs import apart_among
from search.duplicates.review.review import Outcome, decide_all, merge_all
from search.models import DuplicatePair
from search.models.duplicate import PairState

MAX_PAIRS = 100  # at a time: more than a person can look through before confirming
PREVIEW = "admin/search/duplicatepair/confirm_action.html"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A pair and what happens to it; `refusal` says why nothing does."""

    pair: DuplicatePair
    what: str
    why: str = ""
    refusal: str = ""


class PairActions:
    """The actions of the queue, as a mixin of its admin."""

    def has_decide_permission(self, request: HttpRequest, obj: DuplicatePair | None = None) -> bool:
        return may(request, "change", DuplicatePair)

    def has_merge_permission(self, request: HttpRequest, obj: DuplicatePair | None = None) -> bool:
        """Merging changes the items, too."""
        return self.has_decide_permission(request, obj) and may(request, "change", Item)

    @admin.action(description="Merge with the suggested keeper…", permissions=["merge"])
    def merge(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> HttpResponse | None:
        pairs = self._chosen(request, queryset)
        if not pairs:
            return None
        keepers = suggest_keepers(pairs)
        planned = {
            one.pair_id: one for one in plan([_planned(pair, keepers[pair.pk]) for pair in pairs], _apart(pairs))
        }
        if "confirmed" not in request.POST:
            rows = [_merge_row(pair, keepers[pair.pk], planned[pair.pk].refusal) for pair in pairs]
            return self._preview(request, "merge", "Merge these pairs?", rows)
        allowed = [pair for pair in pairs if not planned[pair.pk].refusal]
        outcome = merge_all(pairs=allowed, keepers=keepers, actor=actor_of_user(request.user))
        self._report(request, outcome, f"{len(outcome.steps)} pairs merged.")
        return None

    @admin.action(description="Not the same…", permissions=["decide"])
    def not_the_same(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> HttpResponse | None:
        return self._decide_all(request, queryset, "not_the_same", PairState.DISMISSED)

    @admin.action(description="Variants of one thing…", permissions=["decide"])
    def variants(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> HttpResponse | None:
        return self._decide_all(request, queryset, "variants", PairState.VARIANT)

    @admin.action(description="The same (without merging)…", permissions=["decide"])
    def same(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> HttpResponse | None:
        return self._decide_all(request, queryset, "same", PairState.CONFIRMED)

    @admin.action(description="Undecide…", permissions=["decide"])
    def undecide(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> HttpResponse | None:
        return self._decide_all(request, queryset, "undecide", PairState.SUGGESTED)

    def _decide_all(
        self, request: HttpRequest, queryset: QuerySet[DuplicatePair], action: str, state: PairState
    ) -> HttpResponse | None:
        pairs = self._chosen(request, queryset)
        if not pairs:
            return None
        label = "undecided" if state == PairState.SUGGESTED else state.label.lower()
        if "confirmed" not in request.POST:
            rows = [PreviewRow(pair, f"{pair.get_state_display().lower()} → {label}") for pair in pairs]
            return self._preview(request, action, f"Say of these pairs: {label}?", rows)
        decision = cast("Decision", state.value)
        outcome = decide_all(pairs=pairs, decision=decision, actor=actor_of_user(request.user))
        self._report(request, outcome, f"{len(outcome.steps)} pairs: {label}.")
        return None

    def _chosen(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> list[DuplicatePair]:
        """The pairs with their items, best first; none, and a message, when there are too many."""
        keys = list(queryset.prefetch_related(None).values_list("pk", flat=True)[: MAX_PAIRS + 1])
        if len(keys) > MAX_PAIRS:
            text = f"Choose at most {MAX_PAIRS} pairs at a time, so that you can look through them."
            messages.error(request, text)
            return []
        items = Item.objects.light()
        pairs = DuplicatePair.objects.filter(pk__in=keys).order_by("-score", "id")
        return list(pairs.prefetch_related(Prefetch("first", items), Prefetch("second", items)))

    def _preview(self, request: HttpRequest, action: str, title: str, rows: Sequence[PreviewRow]) -> HttpResponse:
        model_admin = cast("Any", self)
        context = {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": title,
            "action": action,
            "rows": rows,
            "count": sum(not row.refusal for row in rows),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, PREVIEW, context)

    def _report(self, request: HttpRequest, outcome: Outcome, done: str) -> None:
        model_admin = cast("Any", self)
        changed = DuplicatePair.objects.in_bulk([step.pair_id for step in outcome.steps])
        for pair in changed.values():
            model_admin.log_change(request, pair, f"Decided with others: {pair.get_state_display().lower()}.")
        for pair, reason in outcome.refused:
            messages.error(request, f"“{pair.first}” and “{pair.second}”: {reason}")
        remember(request, done, outcome.steps)
        messages.success(request, done)


def _planned(pair: DuplicatePair, suggestion: Suggestion) -> Planned:
    is_merged = pair.first.merged_into_id is not None or pair.second.merged_into_id is not None
    refusal = "one of its items is merged already" if is_merged else ""
    return Planned(pair.pk, suggestion.keeper.pk, suggestion.other.pk, refusal)


def _merge_row(pair: DuplicatePair, suggestion: Suggestion, refusal: str) -> PreviewRow:
    keeper, other = suggestion.keeper, suggestion.other
    what = f"“{other}” ({other.external_id}) goes into “{keeper}” ({keeper.external_id})"
    return PreviewRow(pair, what, suggestion.reason, refusal)


def _apart(pairs: Sequence[DuplicatePair]) -> set[tuple[int, int]]:
    chosen = {(pair.first_id, pair.second_id) for pair in pairs}
    return apart_among({item for pair in chosen for item in pair}) - chosen
