"""In the admin a person sees and acts in his collections only, on every page whose rows hang on one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Collection, Item, Run
from catalog.services.merge import merge_items
from search.embedding.spaces.lifecycle import active_space
from search.models import DuplicatePair, EvaluationRun, ItemEmbedding, JudgedSet, Suggestion, Topic
from search.models.insight import SuggestionKind, TopicLevel
from tests.admin_people import administrator, curator, member
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
LISTS = (
    "catalog_collection",
    "catalog_item",
    "catalog_run",
    "search_duplicatepair",
    "search_itemembedding",
    "search_judgedset",
    "search_evaluationrun",
    "search_topic",
    "search_suggestion",
)


def filled(slug: str) -> Collection:
    """A private collection with a row of its own in every list, each of which shows the collection's slug."""
    collection = make_collection(slug, name=slug, visibility="private")
    first, second = add_items(collection, {"title": f"{slug} tent"}, {"title": f"{slug} tents"})
    digests = {"first_digest": bytes(first.text_digest), "second_digest": bytes(second.text_digest)}
    DuplicatePair.objects.create(
        collection=collection, first=first, second=second, score=0.9, is_flagged=True, **digests
    )
    Run.objects.create(kind="import", collection=collection)
    JudgedSet.objects.create(collection=collection, name=f"set of {slug}", queries=[])
    named = {"name": f"{slug} tents", "centroid": [1.0], "computed_at": timezone.now()}
    Topic.objects.create(collection=collection, space=active_space(), level=TopicLevel.FINE, **named)
    proposed = {"attribute": f"{slug}_colour", "proposed": "red", "score": 0.9}
    Suggestion.objects.create(collection=collection, item=first, kind=SuggestionKind.TAG, **proposed)
    EvaluationRun.objects.create(dataset=f"set of {slug}", configuration={"collection": slug}, figures={})
    return collection


@pytest.fixture
def mine() -> Collection:
    return filled("mine")


@pytest.fixture
def theirs() -> Collection:
    return filled("theirs")


def page(browser: Client, name: str, *args: Any, **query: Any) -> str:
    return browser.get(reverse(f"admin:{name}", args=args), query).content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_lists_and_their_filters_name_no_other_collection(name: str, mine: Collection, theirs: Collection) -> None:
    own = page(member(mine), f"{name}_changelist")
    assert "mine" in own
    assert "theirs" not in own
    assert "theirs" in page(curator(), f"{name}_changelist")


def test_the_overview_counts_what_is_ones_own(mine: Collection, theirs: Collection) -> None:
    Run.objects.create(kind="backfill")
    answer = member(mine).get("/admin/")
    figures = {figure.name: figure.value for figure in answer.context["figures"]}
    assert (figures["Items"], figures["Waiting"], figures["Pairs to review"]) == ("2", "2", "1")
    text = answer.content.decode()
    assert "theirs" not in text
    assert "of everything" not in text


def test_coverage_of_a_space_is_that_of_ones_own_items(mine: Collection, theirs: Collection) -> None:
    assert "0 of 2 items" in page(member(mine), "search_embeddingspace_changelist")
    assert "0 of 4 items" in page(curator(), "search_embeddingspace_changelist")


def rows_of(collection: Collection) -> list[tuple[str, int]]:
    """A page of one row each, by the name of its address."""
    item = Item.objects.filter(collection=collection).first()
    embedding = ItemEmbedding.objects.filter(collection=collection).first()
    assert item is not None and embedding is not None
    return [
        ("catalog_collection_change", collection.pk),
        ("catalog_collection_history", collection.pk),
        ("search_calibrate", collection.pk),
        ("catalog_item_change", item.pk),
        ("search_duplicate_group", item.pk),
        ("search_duplicatepair_change", DuplicatePair.objects.get(collection=collection).pk),
        ("search_itemembedding_change", embedding.pk),
        ("catalog_run_change", Run.objects.get(collection=collection).pk),
        ("search_judgedset_change", JudgedSet.objects.get(collection=collection).pk),
        ("search_topic_change", Topic.objects.get(collection=collection).pk),
        ("search_suggestion_change", Suggestion.objects.get(collection=collection).pk),
    ]


def test_a_row_of_another_collection_is_not_there(mine: Collection, theirs: Collection) -> None:
    browser = member(mine)
    for name, pk in rows_of(theirs):
        answer = browser.get(reverse(f"admin:{name}", args=[pk]))
        assert answer.status_code in (302, 404), name
        assert answer.headers.get("Location", "/admin/") == "/admin/", name
    for name, pk in rows_of(mine):
        assert browser.get(reverse(f"admin:{name}", args=[pk])).status_code == 200, name


def test_pairs_of_another_collection_are_neither_decided_nor_unmerged(mine: Collection, theirs: Collection) -> None:
    browser = member(mine)
    pair = DuplicatePair.objects.get(collection=theirs)
    address = reverse("admin:search_duplicatepair_decide", args=[pair.pk])
    assert browser.post(address, {"decision": "dismissed"}).status_code == 404
    group = reverse("admin:search_duplicate_group", args=[pair.first_id])
    fields = {"action": "exclude", "item": pair.first_id, "member": [pair.first_id, pair.second_id], "confirmed": "1"}
    assert browser.post(group, fields).status_code == 404
    action = {"action": "not_the_same", "_selected_action": [pair.pk], "confirmed": "1"}
    browser.post(reverse("admin:search_duplicatepair_changelist"), action)
    assert DuplicatePair.objects.get(pk=pair.pk).state == "suggested"
    record = merge_items(keeper=pair.first, other=pair.second)
    assert browser.post(reverse("admin:search_duplicatepair_undo_merge", args=[record.pk])).status_code == 404
    assert Item.objects.get(pk=pair.second_id).merged_into_id == pair.first_id


def test_who_is_a_member_no_longer_takes_nothing_back(mine: Collection) -> None:
    browser = member(mine)
    pair = DuplicatePair.objects.get()
    browser.post(reverse("admin:search_duplicatepair_decide", args=[pair.pk]), {"decision": "dismissed"})
    mine.members.clear()
    assert browser.post(reverse("admin:search_duplicatepair_undo")).status_code == 403
    assert DuplicatePair.objects.get().state == "dismissed"


def test_actions_reach_ones_own_rows_only(mine: Collection, theirs: Collection) -> None:
    browser = member(mine)
    for run in Run.objects.all():
        action = {"action": "cancel", "_selected_action": [run.pk], "select_across": "1"}
        browser.post(reverse("admin:catalog_run_changelist"), action)
    cancelled = Run.objects.filter(cancel_requested=True)
    assert [run.collection_id for run in cancelled] == [mine.pk]


def new_item(collection: Collection, **fields: Any) -> dict[str, Any]:
    content = {"title": "New", "status": "published", "attributes": "{}"}
    return {"collection": collection.pk, "external_id": "new", **content, **fields}


def test_an_item_is_added_to_ones_own_collection_only(mine: Collection, theirs: Collection) -> None:
    browser = member(mine)
    refused = browser.post(reverse("admin:catalog_item_add"), new_item(theirs))
    assert "collection" in refused.context["adminform"].form.errors
    assert "theirs" not in refused.content.decode()
    assert browser.post(reverse("admin:catalog_item_add"), new_item(mine)).status_code == 302
    assert Item.objects.get(external_id="new").collection == mine


def imported(browser: Client, rows: list[dict[str, str]], **fields: Any) -> Any:
    file = SimpleUploadedFile("items.json", json.dumps(rows).encode())
    return browser.post("/admin/catalog/item/import/", {"file": file, **fields}, follow=True)


def test_imports_and_exports_stay_in_ones_own_collections(mine: Collection, theirs: Collection) -> None:
    browser = member(mine)
    foreign = [{"collection": "theirs", "external_id": "i0", "title": "Taken over"}]
    look = imported(browser, foreign, collection=mine.pk)
    assert "it belongs to &#x27;theirs&#x27;, and this is &#x27;mine&#x27;" in look.content.decode()
    assert "theirs tent" not in look.content.decode() and look.context["look"].report.landed == 0
    refused = imported(browser, [{"external_id": "i0", "title": "Taken over"}], collection=theirs.pk)
    assert "collection" in refused.context["form"].errors
    forged = {"upload": look.context["upload"].token, "collection": theirs.pk}
    browser.post("/admin/catalog/item/process_import/", forged)
    assert not Item.objects.filter(title="Taken over").exists()
    exported = browser.post("/admin/catalog/item/export/", {"format": "1", "resource": "0"})
    assert {row["collection"] for row in json.loads(exported.content)} == {"mine"}


def test_collections_are_made_by_those_who_act_in_all(mine: Collection) -> None:
    for browser, status in ((member(mine), 403), (curator(), 200)):
        for user in User.objects.exclude(is_superuser=True):
            user.user_permissions.add(Permission.objects.get(codename="add_collection"))
        assert browser.get(reverse("admin:catalog_collection_add")).status_code == status


def test_an_administrator_chooses_the_members(mine: Collection) -> None:
    mia = User.objects.create_user("another-mia")
    browser = administrator()
    address = reverse("admin:catalog_collection_change", args=[mine.pk])
    form = browser.get(address).context["adminform"].form
    fields = {name: form[name].value() or "" for name in form.fields if name not in ("attribute_schema", "members")}
    fields |= {"attribute_schema": "{}", "duplicate_policy": "{}", "search_settings": "{}", "members": [mia.pk]}
    assert browser.post(address, fields).status_code == 302
    assert list(mine.members.all()) == [mia]
    fields.pop("members")
    assert browser.post(address, fields).status_code == 302
    assert not mine.members.exists()


def test_who_sees_no_users_reads_the_members_and_changes_none(mine: Collection) -> None:
    User.objects.create_user("somebody-else")
    browser = member(mine)
    address = reverse("admin:catalog_collection_change", args=[mine.pk])
    answer = browser.get(address)
    assert "members" not in answer.context["adminform"].form.fields
    assert "mia" in answer.content.decode()
    assert "somebody-else" not in answer.content.decode()
