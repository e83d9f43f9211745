"""The queue of misfiled items, missing values and outliers: surest first, accepted or refused in the list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.access import actor_of_user
from catalog.admin.scope import OfCollections
from catalog.admin.site import Derived, ModelAdmin, badge, may
from catalog.errors import CatalogError
from catalog.models import Item
from search.insight.review.decisions import Decision, decide
from search.models import Suggestion
from search.models.insight import SuggestionKind, SuggestionState

STATE_COLOURS = {
    SuggestionState.OPEN.label: "info",
    SuggestionState.ACCEPTED.label: "success",
    SuggestionState.REFUSED.label: "warning",
}


class OpenFirst(admin.SimpleListFilter):
    """Shows what is to review unless something else is asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((str(value), str(label)) for value, label in SuggestionState.choices), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        _, *choices = super().choices(changelist)
        if self.value() is None:
            choices[0]["selected"] = True
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Suggestion]) -> QuerySet[Suggestion]:
        state = self.value() or SuggestionState.OPEN
        return queryset if state == "all" else queryset.filter(state=state)


@admin.register(Suggestion)
class SuggestionAdmin(OfCollections, Derived, ModelAdmin[Suggestion]):
    list_display = ("shown_item", "what", "shown_score", "evidence", "shown_state", "collection")
    list_display_links = None
    list_filter = (OpenFirst, "kind", "attribute", "collection")
    list_select_related = ("collection",)
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ()
    ordering = ("-score", "id")
    actions = ("accept", "refuse")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suggestion]:
        return super().get_queryset(request).prefetch_related("item")

    @admin.display(description="Item")
    def shown_item(self, suggestion: Suggestion) -> SafeString:
        address = reverse("admin:catalog_item_change", args=[suggestion.item_id])
        return format_html('<a class="akin-link" href="{}">{}</a>', address, str(suggestion.item)[:80])

    @admin.display(description="What")
    def what(self, suggestion: Suggestion) -> str:
        if suggestion.kind == SuggestionKind.OUTLIER:
            return "Far from everything"
        if suggestion.kind == SuggestionKind.TAG:
            return f"{suggestion.attribute}: {suggestion.proposed}?"
        return f"{suggestion.attribute}: filed under {suggestion.present}, reads like {suggestion.proposed}"

    @admin.display(description="Score", ordering="score")
    def shown_score(self, suggestion: Suggestion) -> str:
        return f"{suggestion.score:.2f}"

    @admin.display(description="Nearest items")
    def evidence(self, suggestion: Suggestion) -> SafeString:
        titles = Item.objects.filter(pk__in=suggestion.neighbours).values_list("title", flat=True)
        return format_html_join(" · ", "{}", ((title[:50],) for title in titles))

    @badge("State", STATE_COLOURS)
    def shown_state(self, suggestion: Suggestion) -> str:
        return suggestion.get_state_display()

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return may(request, "change", Suggestion) and may(request, "change", Item)

    @admin.action(description="Accept: the item gets the value", permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Suggestion]) -> None:
        self._decide(request, queryset, "accepted")

    @admin.action(description="Refuse: it is not suggested again", permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Suggestion]) -> None:
        self._decide(request, queryset, "refused")

    def _decide(self, request: HttpRequest, queryset: QuerySet[Suggestion], decision: Decision) -> None:
        actor, done = actor_of_user(request.user), 0
        for suggestion in queryset:
            try:
                decide(suggestion=suggestion, decision=decision, actor=actor)
            except CatalogError as error:
                self.message_user(request, f"{suggestion.item}: {error.message}", level="warning")
                continue
            self.log_change(request, suggestion, f"{decision.capitalize()}: {self.what(suggestion)}")
            done += 1
        self.message_user(request, f"{done} {decision}.")
