"""The review of possible duplicates: a queue sorted by score, a page for each pair, and decisions."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from catalog.access import actor_of_user
from catalog.admin.item_search import find_item_ids
from catalog.admin.site import Derived, KeysFirstPaginator, ModelAdmin, badge, may
from catalog.errors import CatalogError
from catalog.models import Item
from search.admin.evidence import summarise
from search.admin.pair_page import decide_and_go_on, page_context
from search.duplicates.decisions import Decision, decide
from search.models import DuplicatePair
from search.models.duplicate import PairState

STATE_COLOURS = {
    PairState.SUGGESTED.label: "info",
    PairState.CONFIRMED.label: "success",
    PairState.DISMISSED.label: "warning",
}


class StateFilter(SimpleListFilter):
    """Shows what is to review unless something else is asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((str(value), str(label)) for value, label in PairState.choices), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        _, *choices = super().choices(changelist)
        if self.value() is None:
            choices[0]["selected"] = True
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> QuerySet[DuplicatePair]:
        state = self.value() or PairState.SUGGESTED
        return queryset if state == "all" else queryset.filter(state=state)


@admin.register(DuplicatePair)
class DuplicatePairAdmin(Derived, ModelAdmin[DuplicatePair]):
    list_display = (
        "shown_score",
        "first_title",
        "second_title",
        "why",
        "flag",
        "shown_state",
        "collection",
    )
    list_filter = (StateFilter, "is_flagged", "is_changed", "collection")
    list_per_page = 50
    paginator = KeysFirstPaginator
    search_fields = ("first__title",)
    search_help_text = "Words of a title or their beginnings, or an identifier"
    show_full_result_count = False
    ordering = ("-score", "id")
    sortable_by = ("shown_score",)
    actions = ("same", "not_the_same", "undecide")
    change_form_template = "admin/search/duplicatepair/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DuplicatePair]:
        """Items are fetched for the rows of the page only; joined, they would be read before sorting."""
        pairs = super().get_queryset(request).defer("first_digest", "second_digest")
        titles = Item.objects.only("title", "external_id")
        return pairs.prefetch_related("collection", Prefetch("first", titles), Prefetch("second", titles))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[DuplicatePair], search_term: str
    ) -> tuple[QuerySet[DuplicatePair], bool]:
        if search_term.strip():
            ids = find_item_ids(search_term)
            queryset = queryset.filter(Q(first__in=ids) | Q(second__in=ids))
        return queryset, False

    @admin.display(description="Score", ordering="score")
    def shown_score(self, pair: DuplicatePair) -> str:
        return f"{pair.score:.3f}"

    @admin.display(description="One item")
    def first_title(self, pair: DuplicatePair) -> str:
        return f"{pair.first.title[:80]} ({pair.first.external_id[:40]})"

    @admin.display(description="The other")
    def second_title(self, pair: DuplicatePair) -> str:
        return f"{pair.second.title[:80]} ({pair.second.external_id[:40]})"

    @admin.display(description="Evidence")
    def why(self, pair: DuplicatePair) -> str:
        return summarise(pair.evidence)

    @badge("Flag", {"flagged": "danger", "changed": "warning"})
    def flag(self, pair: DuplicatePair) -> str:
        return "changed" if pair.is_changed else "flagged" if pair.is_flagged else "–"

    @badge("State", STATE_COLOURS)
    def shown_state(self, pair: DuplicatePair) -> str:
        return pair.get_state_display()

    def has_decide_permission(self, request: HttpRequest, obj: DuplicatePair | None = None) -> bool:
        return may(request, "change", DuplicatePair)

    @admin.action(description="The same", permissions=["decide"])
    def same(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> None:
        self._decide_all(request, queryset, PairState.CONFIRMED)

    @admin.action(description="Not the same", permissions=["decide"])
    def not_the_same(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> None:
        self._decide_all(request, queryset, PairState.DISMISSED)

    @admin.action(description="Undecide", permissions=["decide"])
    def undecide(self, request: HttpRequest, queryset: QuerySet[DuplicatePair]) -> None:
        self._decide_all(request, queryset, PairState.SUGGESTED)

    def _decide_all(self, request: HttpRequest, pairs: QuerySet[DuplicatePair], decision: PairState) -> None:
        decided = 0
        for pair in pairs:
            try:
                self.decide(request, pair, decision)
                decided += 1
            except CatalogError as error:
                self.message_user(request, f"{pair}: {error.message}", messages.ERROR)
        self.message_user(request, f"{decided} pairs: {decision.label.lower()}.")

    def decide(self, request: HttpRequest, pair: DuplicatePair, decision: PairState, reason: str = "") -> None:
        """Raises CatalogError when the pair cannot be decided."""
        value = cast("Decision", decision.value)
        decide(pair=pair, decision=value, actor=actor_of_user(request.user), reason=reason)
        self.log_change(request, pair, f"Decided: {decision.label.lower()}. {reason}".strip())

    def get_urls(self) -> list[URLPattern]:
        def decide_view(request: HttpRequest, pair_id: int) -> HttpResponse:
            return decide_and_go_on(self, request, pair_id)

        view = self.admin_site.admin_view(decide_view)
        return [path("<int:pair_id>/decide/", view, name="search_duplicatepair_decide"), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        pair = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if pair is not None and self.has_view_permission(request, pair):
            context |= page_context(pair, can_decide=self.has_decide_permission(request))
        return super().change_view(request, object_id, form_url, context)
