"""The groups of a collection's duplicates, and the page of one: leave a member out, or merge all into the keeper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.access import actor_of_user
from catalog.admin.scope import own_collections, own_rows
from catalog.admin.site import row_number
from catalog.errors import CatalogError
from catalog.models import Item
from search.admin.pairs.desk import ReviewDesk
from search.admin.pairs.queue_view import came_from, last_collection
from search.admin.pairs.review_steps import last_title, remember
from search.duplicates.review.groups import Group, exclude_member, merge_group, read_group
from search.duplicates.review.keeper import Choice, choose
from search.duplicates.review.merging import facts_of
from search.duplicates.review.pairs import groups_of_collection
from search.duplicates.review.review import Step
from search.models import DuplicatePair

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group as a line of the list."""

    members: list[Item]
    keeper: Item
    suggestion: Choice


def list_groups(desk: ReviewDesk, request: HttpRequest) -> HttpResponse:
    """The groups of one collection, the largest first."""
    asked = request.GET.get("collection") or str(last_collection(request))
    shown = Q(duplicate_pairs__isnull=False) | Q(pk=row_number(asked))
    collections = list(own_collections(request).filter(shown).distinct().order_by("name"))
    chosen = next((one for one in collections if str(one.pk) == asked), collections[0] if collections else None)
    groups = sorted(groups_of_collection(chosen), key=len, reverse=True) if chosen else []
    if chosen:
        came_from(request, chosen.pk)
    page = Paginator(groups, PER_PAGE).get_page(request.GET.get("p"))
    context = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "title": "Groups of duplicates",
        "collections": collections,
        "chosen": chosen,
        "page": page,
        "groups": _listed(list(page.object_list)),
        **_undo(desk, request),
    }
    return TemplateResponse(request, "admin/search/duplicatepair/groups.html", context)


def show_group(desk: ReviewDesk, request: HttpRequest, item_id: int) -> HttpResponse:
    """The group that the item is in; a post previews what would be done and, confirmed, does it."""
    if request.method not in ("GET", "POST"):
        return HttpResponseNotAllowed(["GET", "POST"])
    item = get_object_or_404(own_rows(request, Item.objects.light()), pk=item_id)
    group = read_group(item)
    if group is None:
        messages.info(request, f"“{item}” is in no group now.")
        return HttpResponseRedirect(f"{reverse('admin:search_duplicate_groups')}?collection={item.collection_id}")
    asked = request.POST if request.method == "POST" else request.GET
    subject = next((one for one in group.members if str(one.pk) == asked.get("item")), None)
    action = request.POST.get("action", "")
    if request.method == "POST":
        if action not in ("merge", "exclude") or subject is None:
            return HttpResponse("There is no such action, or no such member.", status=422)
        may_do = desk.has_merge_permission if action == "merge" else desk.has_decide_permission
        if not may_do(request):
            raise PermissionDenied
        if "confirmed" in request.POST:
            return _do(desk, request, item, subject, action)
    return _page(desk, request, group, subject, action)


def _page(desk: ReviewDesk, request: HttpRequest, group: Group, subject: Item | None, action: str) -> HttpResponse:
    context: dict[str, Any] = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "title": f"A group of {len(group.members)}",
        "group": group,
        "subject": subject,
        "action": action,
        "others": [one for one in group.members if one is not subject],
        "dismissed": group.pairs_of(subject.pk) if subject else [],
        "can_decide": desk.has_decide_permission(request),
        "can_merge": desk.has_merge_permission(request),
        **_undo(desk, request),
    }
    return TemplateResponse(request, "admin/search/duplicatepair/group.html", context)


def _do(desk: ReviewDesk, request: HttpRequest, item: Item, subject: Item, action: str) -> HttpResponse:
    actor = actor_of_user(request.user)
    seen = {pk for text in request.POST.getlist("member") if (pk := row_number(text)) is not None}
    steps: list[Step] = []
    try:
        if action == "merge":
            steps = merge_group(keeper=subject, member_ids=seen, actor=actor)
            done = f"{len(steps)} items were merged into “{subject}”."
        else:
            steps = exclude_member(member=subject, member_ids=seen, actor=actor)
            done = f"“{subject}” was left out of its group."
    except CatalogError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse("admin:search_duplicate_group", args=[item.pk]))
    for pair in DuplicatePair.objects.filter(pk__in=[step.pair_id for step in steps]):
        desk.log_change(request, pair, done)
    remember(request, done, steps)
    messages.success(request, done)
    return HttpResponseRedirect(f"{reverse('admin:search_duplicate_groups')}?collection={item.collection_id}")


def _listed(groups: list[list[int]]) -> list[ListedGroup]:
    items = Item.objects.light().in_bulk([pk for ids in groups for pk in ids])
    facts = facts_of(items.values())
    listed = []
    for ids in groups:
        members = [items[pk] for pk in ids]
        suggestion = choose([facts[pk] for pk in ids])
        listed.append(ListedGroup(members, items[suggestion.item_id], suggestion))
    return listed


def _undo(desk: ReviewDesk, request: HttpRequest) -> dict[str, str]:
    title = last_title(request) if desk.has_decide_permission(request) else ""
    return {"undo_title": title, "back": request.get_full_path()}
