"""Groups of duplicates in the admin: listing them, leaving a member out, merging all."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Item, MergeRecord
from search.models import DuplicatePair
from tests.admin_people import charlie, curator
from tests.factories import add_items, make_collection
from tests.search.admin.pairs.test_merging import LIST, make_pair

pytestmark = pytest.mark.django_db
GROUPS = f"{LIST}groups/"


@pytest.fixture
def tents() -> list[Item]:
    """A chain of three, and a pair; the second item of the chain says most."""
    items = add_items(
        make_collection(),
        {"title": "Dome tent"},
        {"title": "Tent, dome", "attributes": {"price": 9}},
        {"title": "Dome tents", "body": "For two."},
        {"title": "Stove"},
        {"title": "Stoves"},
        {"title": "Lamp"},
    )
    for left, right, score in ((0, 1, 0.9), (1, 2, 0.8), (3, 4, 0.7)):
        make_pair(items[left], items[right], score)
    return items


def group_address(item: Item) -> str:
    return f"{GROUPS}{item.pk}/"


def ask(items: list[Item], action: str, item: Item, **more: Any) -> dict[str, Any]:
    return {"action": action, "item": item.pk, "member": [one.pk for one in items], **more}


def test_groups_are_listed_the_largest_first_each_with_its_keeper(tents: list[Item]) -> None:
    page = curator().get(GROUPS)
    listed = [([one.pk for one in group.members], group.keeper.pk) for group in page.context["groups"]]
    assert listed == [([one.pk for one in tents[:3]], tents[1].pk), ([tents[3].pk, tents[4].pk], tents[3].pk)]
    assert "it has more attributes (1 against 0)" in page.content.decode()


def test_the_collection_one_came_from_is_shown_though_it_has_no_groups(tents: list[Item]) -> None:
    bare, browser = make_collection("bare"), curator()
    page = browser.get(GROUPS, {"collection": bare.pk})
    assert page.context["chosen"] == bare and "There are no groups" in page.content.decode()
    assert browser.get(GROUPS, {"collection": "9" * 30}).context["chosen"] == tents[0].collection


def test_the_side_bar_marks_the_page_that_is_shown(tents: list[Item]) -> None:
    browser = curator()
    for address, title in ((GROUPS, "Groups of duplicates"), (LIST, "Duplicates to review")):
        sections = browser.get(address).context["sidebar_navigation"]
        assert [link["title"] for one in sections for link in one["items"] if link["active"]] == [title]


def test_there_is_no_group_of_one(tents: list[Item]) -> None:
    browser = curator()
    answer = browser.get(group_address(tents[5]), follow=True)
    assert answer.redirect_chain[0][0].startswith(GROUPS)
    assert "is in no group now" in answer.content.decode()
    DuplicatePair.objects.all().delete()
    assert "There are no groups" in browser.get(GROUPS).content.decode()


def test_a_member_is_left_out_after_a_preview_and_comes_back_by_undo(tents: list[Item]) -> None:
    browser, members = curator(), tents[:3]
    page = browser.post(group_address(tents[0]), ask(members, "exclude", tents[2])).content.decode()
    assert "become: not the same" in page
    assert not DuplicatePair.objects.filter(state="dismissed").exists()
    browser.post(group_address(tents[0]), ask(members, "exclude", tents[2], confirmed="yes"))
    dismissed = DuplicatePair.objects.filter(state="dismissed").values_list("first", "second", "reason")
    assert list(dismissed) == [(tents[1].pk, tents[2].pk, "Left out of the group.")]
    assert [one.pk for one in browser.get(group_address(tents[0])).context["group"].members] == [
        tents[0].pk,
        tents[1].pk,
    ]
    browser.post(f"{LIST}undo/")
    assert len(browser.get(group_address(tents[0])).context["group"].members) == 3


def test_all_are_merged_into_the_keeper_and_undone_together(tents: list[Item]) -> None:
    browser, members = curator(), tents[:3]
    before = list(Item.objects.order_by("pk").values())
    page = browser.post(group_address(tents[0]), ask(members, "merge", tents[0])).content.decode()
    assert page.count("disappears from search") == 2
    assert not MergeRecord.objects.exists()
    browser.post(group_address(tents[0]), ask(members, "merge", tents[0], confirmed="yes"))
    keeper = Item.objects.get(pk=tents[0].pk)
    assert (keeper.body, keeper.attributes) == ("For two.", {"price": 9})
    assert set(Item.objects.filter(merged_into=keeper).values_list("pk", flat=True)) == {tents[1].pk, tents[2].pk}
    browser.post(f"{LIST}undo/")
    assert list(Item.objects.order_by("pk").values()) == before
    states = DuplicatePair.objects.filter(first__in=members).values_list("first", "second", "state")
    assert set(states) == {
        (tents[0].pk, tents[1].pk, "suggested"),
        (tents[1].pk, tents[2].pk, "suggested"),
    }


def test_a_group_that_changed_meanwhile_is_left_alone(tents: list[Item]) -> None:
    browser, members = curator(), tents[:3]
    make_pair(tents[1], tents[5], 0.95)
    answer = browser.post(group_address(tents[0]), ask(members, "merge", tents[0], confirmed="yes"), follow=True)
    assert "has changed since you looked" in answer.content.decode()
    assert not MergeRecord.objects.exists()


def test_only_members_and_known_actions_are_taken(tents: list[Item]) -> None:
    browser = curator()
    assert browser.post(group_address(tents[0]), ask(tents[:3], "merge", tents[4])).status_code == 422
    assert browser.post(group_address(tents[0]), ask(tents[:3], "burn", tents[0])).status_code == 422
    assert browser.get(f"{GROUPS}999999/").status_code == 404


def test_charlie_sees_no_group_and_changes_none(tents: list[Item]) -> None:
    browser = charlie()
    assert {browser.get(address).status_code for address in (GROUPS, group_address(tents[0]))} == {403}
    assert browser.post(group_address(tents[0]), ask(tents[:3], "merge", tents[0], confirmed="yes")).status_code == 403
    assert not MergeRecord.objects.exists()
