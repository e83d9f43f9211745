"""Topics in the admin: giving them a name that stays, merging them, computing them anew."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from catalog.admin.scope import OfCollections
from catalog.admin.site import ModelAdmin, may
from catalog.models import Collection
from catalog.models.run import RunKind
from search.insight.runs import ask_for
from search.insight.topics.listing import forget_largest
from search.insight.topics.merging import merge_topics
from search.models import Topic
from search.models.insight import TopicLevel


@admin.register(Topic)
class TopicAdmin(OfCollections, ModelAdmin[Topic]):
    list_display = ("name", "given_name", "level", "parent", "items", "collection", "computed_at")
    list_editable = ("given_name",)
    list_filter = ("level", "collection")
    list_select_related = ("collection", "parent")
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ()
    fields = ("given_name", "name", "words", "level", "parent", "collection", "computed_at")
    readonly_fields = ("name", "words", "level", "parent", "collection", "computed_at")
    actions = ("merge", "compute")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).filter(merged_into__isnull=True).defer("centroid")

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Each line's field says which topic it names."""
        form = super().get_changelist_form(request, **kwargs)

        class NamedForm(form):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                if "given_name" in self.fields:
                    self.fields["given_name"].widget.attrs["aria-label"] = f"Name for {self.instance.name}"

        return NamedForm

    def save_model(self, request: HttpRequest, obj: Topic, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget_largest(obj.collection_id)

    @admin.display(description="Items")
    def items(self, topic: Topic) -> str:
        fine = [topic.pk]
        if topic.level == TopicLevel.COARSE:
            fine = list(topic.children.values_list("pk", flat=True))
        counted = Topic.objects.filter(pk__in=fine).aggregate(number=Count("item_rows"))
        return f"{counted['number']:,}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Topic | None = None) -> bool:
        return False

    def has_curate_permission(self, request: HttpRequest) -> bool:
        return may(request, "change", Topic)

    @admin.action(description="Merge into the largest of them", permissions=["curate"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        kept = merge_topics(list(queryset))
        if kept is None:
            self.message_user(request, "Choose fine topics of one collection, two at least.", level="warning")
        else:
            self.log_change(request, kept, "Other topics were merged into it.")
            self.message_user(request, f"Merged into “{kept}”.")

    @admin.action(description="Compute the topics of these collections anew", permissions=["curate"])
    def compute(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        collections = list(Collection.objects.filter(topics__in=queryset).distinct())
        for collection in collections:
            ask_for(RunKind.TOPICS, collection, user_id=request.user.pk, afresh=True)
        self.message_user(request, f"{len(collections)} runs asked for; see Runs for their progress.")
