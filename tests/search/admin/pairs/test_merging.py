"""Merging and undoing in the admin: from a pair's page, from an item's page, and many at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from catalog.access import Actor
from catalog.models import Item, MergeRecord
from search.duplicates.review.decisions import decide
from search.models import DuplicatePair
from tests.admin_people import charlie, curator
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
LIST = "/admin/search/duplicatepair/"


def make_pair(first: Item, second: Item, score: float = 0.9, **fields: Any) -> DuplicatePair:
    digests = {"first_digest": bytes(first.text_digest), "second_digest": bytes(second.text_digest)}
    return DuplicatePair.objects.create(
        collection=first.collection, first=first, second=second, score=score, is_flagged=True, **digests, **fields
    )


@pytest.fixture
def tents() -> list[Item]:
    """Four items; the second one says more than the others."""
    return add_items(
        make_collection(),
        {"title": "Dome tent", "body": "For two.", "attributes": {"brand": "Tarn", "colours": ["red"]}},
        {
            "title": "Tent, dome",
            "url": "https://x.org/2",
            "attributes": {"brand": "TARN", "colours": ["blue"], "price": 9},
        },
        {"title": "Dome tents"},
        {"title": "A dome tent"},
    )


@pytest.fixture
def pairs(tents: list[Item]) -> list[DuplicatePair]:
    """Three pairs with the first item, the best first."""
    return [make_pair(tents[0], tents[n], 0.9 - n / 10) for n in (1, 2, 3)]


def page_of(browser: Client, pair: DuplicatePair, **asked: Any) -> str:
    return browser.get(f"{LIST}{pair.pk}/change/", asked).content.decode()


def post_merge(browser: Client, pair: DuplicatePair, **choices: Any) -> str:
    answer = browser.post(f"{LIST}{pair.pk}/decide/", {"decision": "merge", **choices})
    return answer.headers.get("Location", str(answer.status_code))


def item(pk: int) -> Item:
    return Item.objects.get(pk=pk)


def test_the_page_suggests_a_keeper_and_shows_what_comes_out(pairs: list[DuplicatePair], tents: list[Item]) -> None:
    page = page_of(curator(), pairs[0])
    assert "it has more attributes (3 against 2)" in page
    result = page[page.index('id="merge-result"') :]
    assert "Tent, dome" in result
    assert "For two." in result  # only the other one has a text
    assert "blue, red" in result
    assert f'href="?keeper={tents[0].pk}"' in page


def test_the_preview_follows_keeper_and_choices(pairs: list[DuplicatePair], tents: list[Item]) -> None:
    asked = {"keeper": tents[0].pk, "pick.title": "second", "pick.attributes.colours": "second"}
    page = page_of(curator(), pairs[0], **asked)
    result = page[page.index('id="merge-result"') : page.index("Evidence")]
    assert "Tent, dome" in result
    assert ("Tarn" in result, "blue" in result, "red" in result) == (True, True, False)


def test_a_merge_takes_the_choices_and_leads_to_the_next_pair(pairs: list[DuplicatePair], tents: list[Item]) -> None:
    browser = curator()
    choices = {"keeper": tents[0].pk, "pick.title": "second", "pick.attributes.brand": "second", "reason": "Twice"}
    assert post_merge(browser, pairs[0], **choices) == f"{LIST}{pairs[1].pk}/change/"
    keeper = item(tents[0].pk)
    assert (keeper.title, keeper.body, keeper.url) == ("Tent, dome", "For two.", "https://x.org/2")
    assert keeper.attributes == {"brand": "TARN", "colours": ["red", "blue"], "price": 9}
    assert item(tents[1].pk).merged_into_id == keeper.pk
    pair = DuplicatePair.objects.get(pk=pairs[0].pk)
    assert (pair.state, pair.reason, pair.decided_by_name) == ("confirmed", "Twice", "cleo")
    page = page_of(browser, pairs[1])
    assert "was merged into" in page
    assert 'id="review-undo"' in page
    assert "1 decided today" in page
    assert LogEntry.objects.filter(change_message__contains="was merged into").count() == 3


def test_without_a_choice_the_suggested_keeper_stays(pairs: list[DuplicatePair], tents: list[Item]) -> None:
    post_merge(curator(), pairs[0])
    assert item(tents[0].pk).merged_into_id == tents[1].pk


def test_a_pair_shows_who_decided_what_when_and_why(pairs: list[DuplicatePair]) -> None:
    browser, program = curator(), Actor(rank=3, name="Shop import")
    decide(pair=pairs[0], decision="dismissed", actor=program, reason="Other price.")
    decide(pair=pairs[0], decision="suggested", actor=program)
    post_merge(browser, pairs[0], reason="Same label.")
    page = browser.get(f"{LIST}{pairs[0].pk}/change/")
    assert [(one.decision, one.decided_by_name, one.reason) for one in page.context["past"]] == [
        ("confirmed", "cleo", "Same label."),
        ("suggested", "Shop import", ""),
        ("dismissed", "Shop import", "Other price."),
    ]
    assert "Other price." in page.content.decode()
    assert {entry.change_message[-11:] for entry in LogEntry.objects.all()} == {"Same label."}


def test_pairs_of_a_merged_item_are_passed_over_and_cannot_be_merged(
    pairs: list[DuplicatePair], tents: list[Item]
) -> None:
    hidden = make_pair(tents[1], tents[2], 0.75)
    browser = curator()
    assert post_merge(browser, pairs[0], keeper=tents[0].pk) == f"{LIST}{pairs[1].pk}/change/"
    assert 'value="merge"' not in page_of(browser, hidden)
    assert post_merge(browser, hidden) == f"{LIST}{hidden.pk}/change/"
    assert item(tents[2].pk).merged_into_id is None
    assert DuplicatePair.objects.get(pk=hidden.pk).state == "suggested"


def test_what_was_told_apart_does_not_meet_in_a_third_item(pairs: list[DuplicatePair], tents: list[Item]) -> None:
    make_pair(tents[1], tents[2], state="dismissed")
    browser = curator()
    post_merge(browser, pairs[0], keeper=tents[0].pk)
    answer = browser.post(f"{LIST}{pairs[1].pk}/decide/", {"decision": "merge", "keeper": tents[0].pk}, follow=True)
    assert "were said not to be the same" in answer.content.decode()
    assert item(tents[2].pk).merged_into_id is None


def chosen(pairs: list[DuplicatePair], action: str, **more: str) -> dict[str, Any]:
    return {"action": action, "_selected_action": [pair.pk for pair in pairs], **more}


def test_merging_many_shows_first_what_will_happen(pairs: list[DuplicatePair], tents: list[Item]) -> None:
    make_pair(tents[2], tents[3], state="dismissed")
    browser = curator()
    page = browser.post(LIST, chosen(pairs, "merge")).content.decode()
    assert "1 of 3 pairs will change" in page
    assert "because it has more attributes (3 against 2)" in page
    assert "Left out: one of its items goes into another one before" in page
    assert not MergeRecord.objects.exists()
    browser.post(LIST, chosen(pairs[1:], "merge", confirmed="yes"))
    assert [one.merged_into_id for one in Item.objects.order_by("pk")] == [None, None, tents[0].pk, None]
    browser.post(f"{LIST}undo/")
    assert not Item.objects.filter(merged_into__isnull=False).exists()


def test_too_many_pairs_at_once_are_refused(pairs: list[DuplicatePair], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.admin.pairs.pair_actions.MAX_PAIRS", 2)
    answer = curator().post(LIST, chosen(pairs, "not_the_same", confirmed="yes"), follow=True)
    assert "at most 2 pairs" in answer.content.decode()
    assert not DuplicatePair.objects.exclude(state="suggested").exists()


def test_merging_needs_the_right_to_change_items(pairs: list[DuplicatePair]) -> None:
    user = User.objects.create_user("dora", is_staff=True)
    names = ("view_duplicatepair", "change_duplicatepair", "all_collections")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    browser = Client()
    browser.force_login(user)
    assert 'value="merge"' not in page_of(browser, pairs[0])
    assert post_merge(browser, pairs[0]) == "403"
    browser.post(LIST, chosen(pairs, "merge", confirmed="yes"))
    assert not MergeRecord.objects.exists()


def test_charlie_merges_and_undoes_nothing(pairs: list[DuplicatePair]) -> None:
    post_merge(curator(), pairs[0])
    record = MergeRecord.objects.get()
    browser = charlie()
    assert post_merge(browser, pairs[1]) == "403"
    assert browser.post(f"{LIST}undo/").status_code == 403
    assert browser.post(f"{LIST}merges/{record.pk}/undo/").status_code == 403
    assert MergeRecord.objects.filter(undone_at=None).count() == 1
