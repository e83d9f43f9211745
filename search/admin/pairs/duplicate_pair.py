"""The review of possible duplicates: a queue sorted by score, a page for each pair, and decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path

from catalog.access import actor_of_user, acts_everywhere
from catalog.admin.item_search import find_item_ids
from catalog.admin.scope import OfCollections, own_collections
from catalog.admin.site import KeysFirstPaginator, ModelAdmin, Shown, badge, row_number
from catalog.models import Item
from search.admin.pairs.evidence_table import summarise
from search.admin.pairs.group_pages import list_groups, show_group
from search.admin.pairs.pair_actions import PairActions
from search.admin.pairs.pair_page import decide_and_go_on, page_context, undo_merge
from search.admin.pairs.queue_view import came_from
from search.admin.pairs.review_steps import last_title, undo_last
from search.duplicates.review.decisions import Decision, decide
from search.duplicates.review.outlook import Outlook, outlook_of
from search.duplicates.review.review import QueueProgress, progress_of
from search.models import DuplicatePair
from search.models.duplicate import PairState

STATE_COLOURS = {
    PairState.SUGGESTED.label: "info",
    PairState.CONFIRMED.label: "success",
    PairState.DISMISSED.label: "warning",
    PairState.VARIANT.label: "warning",
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
class DuplicatePairAdmin(PairActions, OfCollections, Shown, ModelAdmin[DuplicatePair]):
    list_display = (
        "shown_score",
        "shown_impact",
        "shown_informs",
        "first_title",
        "second_title",
        "why",
        "flag",
        "shown_state",
        "collection",
    )
    list_display_links = ("shown_score", "first_title", "second_title")
    list_select_related = ("collection",)  # else Django would join both items with all their columns
    list_filter = (StateFilter, "is_flagged", "is_variant", "is_changed", "collection")
    list_per_page = 50
    paginator = KeysFirstPaginator
    search_fields = ("first__title",)
    search_help_text = "Words of a title or their beginnings, or an identifier"
    show_full_result_count = False
    ordering = ("-score", "id")
    sortable_by = ("shown_score", "shown_impact", "shown_informs")
    actions = ("merge", "not_the_same", "variants", "same", "undecide")
    list_before_template = "admin/search/duplicatepair/_review.html"
    change_form_template = "admin/search/duplicatepair/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DuplicatePair]:
        """Items are fetched for the rows of the page only; joined, they would be read before sorting."""
        pairs = super().get_queryset(request).defer("first_digest", "second_digest")
        titles = Item.objects.only("title", "external_id")
        return pairs.prefetch_related(Prefetch("first", titles), Prefetch("second", titles))

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

    @admin.display(description="Impact", ordering="impact")
    def shown_impact(self, pair: DuplicatePair) -> str:
        """Pairs that wait at either item: deciding on an item with many settles most."""
        return f"{pair.impact:,}"

    @admin.display(description="Teaches", ordering="informs")
    def shown_informs(self, pair: DuplicatePair) -> str:
        """How much deciding it would teach: sorted by this, the queue asks the most informative first."""
        return f"{pair.informs:.0%}"

    @admin.display(description="One item")
    def first_title(self, pair: DuplicatePair) -> str:
        return f"{pair.first.title[:80]} ({pair.first.external_id[:40]})"

    @admin.display(description="The other")
    def second_title(self, pair: DuplicatePair) -> str:
        return f"{pair.second.title[:80]} ({pair.second.external_id[:40]})"

    @admin.display(description="Evidence")
    def why(self, pair: DuplicatePair) -> str:
        return summarise(pair.evidence)

    @badge("Flag", {"flagged": "danger", "changed": "warning", "variant": "info"})
    def flag(self, pair: DuplicatePair) -> str:
        if pair.is_changed:
            return "changed"
        return "flagged" if pair.is_flagged else "variant" if pair.is_variant else "–"

    @badge("State", STATE_COLOURS)
    def shown_state(self, pair: DuplicatePair) -> str:
        return pair.get_state_display()

    def decide(self, request: HttpRequest, pair: DuplicatePair, decision: PairState, reason: str = "") -> None:
        """Raises CatalogError when the pair cannot be decided."""
        value = cast("Decision", decision.value)
        decide(pair=pair, decision=value, actor=actor_of_user(request.user), reason=reason)
        self.log_change(request, pair, f"Decided: {decision.label.lower()}. {reason}".strip())

    def get_urls(self) -> list[URLPattern]:
        """Pages that write take posts only, and those that may decide; the groups are for all who see pairs."""
        decides, sees = self.has_decide_permission, self.has_view_permission
        routes: list[tuple[str, str, Callable[..., HttpResponse], Callable[[HttpRequest], bool]]] = [
            ("<int:pair_id>/decide/", "duplicatepair_decide", self._posted(decide_and_go_on), decides),
            ("undo/", "duplicatepair_undo", self._posted(undo_last), decides),
            (
                "merges/<int:record_id>/undo/",
                "duplicatepair_undo_merge",
                self._posted(undo_merge),
                self.has_merge_permission,
            ),
            ("groups/", "duplicate_groups", list_groups, sees),
            ("groups/<int:item_id>/", "duplicate_group", show_group, sees),
        ]
        urls = [
            path(route, self.admin_site.admin_view(self._guarded(view, is_allowed)), name=f"search_{name}")
            for route, name, view, is_allowed in routes
        ]
        return [*urls, *super().get_urls()]

    def _guarded(self, view: Callable[..., HttpResponse], is_allowed: Callable[[HttpRequest], bool]) -> Any:
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not is_allowed(request):
                raise PermissionDenied
            return view(self, request, **kwargs)

        return guarded

    def _posted(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def posted(model_admin: DuplicatePairAdmin, request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(model_admin, request, **kwargs)

        return posted

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Adds how far the review is, and what can be undone."""
        context = dict(extra_context or {})
        if self.has_view_permission(request):
            collection = row_number(request.GET.get("collection__id__exact"))
            if collection is not None:
                came_from(request, collection)
            context |= {"collection_asked": collection or "", "progress": self._progress(request, collection)}
            context |= {"outlook": self._outlook(request, collection)}
            context |= {"undo_title": last_title(request) if self.has_decide_permission(request) else ""}
        return super().changelist_view(request, {**context, "back": request.get_full_path()})

    def _progress(self, request: HttpRequest, collection: int | None) -> QueueProgress:
        if collection is None and acts_everywhere(request.user):
            return progress_of()
        own = own_collections(request).order_by().values_list("pk", flat=True)
        return progress_of([pk for pk in own if collection in (None, pk)])

    def _outlook(self, request: HttpRequest, collection: int | None) -> Outlook | None:
        """Of the collection that is asked for, as far as the person may see it."""
        if collection is None or not own_collections(request).filter(pk=collection).exists():
            return None
        return outlook_of(collection)

    def page_of(self, request: HttpRequest, shown: DuplicatePair) -> dict[str, Any]:
        came_from(request, shown.collection_id)
        can_decide, can_merge = self.has_decide_permission(request), self.has_merge_permission(request)
        return page_context(request, shown, can_decide=can_decide, can_merge=can_merge)
