"""Undo in the admin: merges and decisions are taken back one by one, and all is as before."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Item, MergeRecord
from search.duplicates.calibration.known_pairs import known_pairs
from search.models import DuplicateDecision, DuplicatePair
from tests.admin_people import curator
from tests.factories import add_items, make_collection
from tests.search.admin.pairs.test_merging import LIST, chosen, item, make_pair, post_merge

pytestmark = pytest.mark.django_db


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


def test_undo_brings_both_items_back_and_the_pair_is_undecided_again(
    pairs: list[DuplicatePair], tents: list[Item]
) -> None:
    browser = curator()
    before = list(Item.objects.order_by("pk").values())
    post_merge(browser, pairs[0])
    answer = browser.post(f"{LIST}undo/")
    assert answer.headers["Location"] == f"{LIST}{pairs[0].pk}/change/"
    assert list(Item.objects.order_by("pk").values()) == before
    assert DuplicatePair.objects.get(pk=pairs[0].pk).state == "suggested"
    assert "nothing to undo" in browser.post(f"{LIST}undo/", follow=True).content.decode()


def test_three_merges_and_one_undo_leave_the_three_pairs_in_the_queue_as_before(tents: list[Item]) -> None:
    found: dict[str, Any] = {"evidence": [{"name": "title", "value": 2.0}]}
    more = add_items(tents[0].collection, {"title": "Stove"}, {"title": "A stove"})
    apart = [(tents[0], tents[1]), (tents[2], tents[3]), (more[0], more[1])]
    pairs = [make_pair(*items, 0.9 - n / 10, **found) for n, items in enumerate(apart)]
    queue = list(DuplicatePair.objects.values("pk", "state", "score", "is_flagged", "is_changed", "reason"))
    browser = curator()
    browser.post(LIST, chosen(pairs, "merge", confirmed="yes"))
    assert Item.objects.filter(merged_into__isnull=False).count() == 3
    browser.post(f"{LIST}undo/")
    assert list(DuplicatePair.objects.values("pk", "state", "score", "is_flagged", "is_changed", "reason")) == queue
    assert not Item.objects.filter(merged_into__isnull=False).exists()
    assert [known.is_same for known in known_pairs(tents[0].collection)] == [None, None, None]
    browser.post(f"{LIST}{pairs[0].pk}/decide/", {"decision": "dismissed"})
    assert [known.is_same for known in known_pairs(tents[0].collection)] == [False, None, None]


def test_undoing_the_merge_of_a_pair_that_was_decided_restores_that_decision(pairs: list[DuplicatePair]) -> None:
    browser = curator()
    browser.post(f"{LIST}{pairs[0].pk}/decide/", {"decision": "confirmed"})
    post_merge(browser, pairs[0])
    browser.post(f"{LIST}undo/")
    assert DuplicatePair.objects.get(pk=pairs[0].pk).state == "confirmed"


def test_undo_takes_the_steps_of_a_review_back_one_by_one(pairs: list[DuplicatePair]) -> None:
    browser = curator()
    browser.post(f"{LIST}{pairs[0].pk}/decide/", {"decision": "dismissed"})
    browser.post(f"{LIST}{pairs[1].pk}/decide/", {"decision": "confirmed"})
    assert "2 decided today" in browser.get(LIST).content.decode()
    browser.post(f"{LIST}undo/")
    assert "1 decided today" in browser.get(LIST).content.decode()
    assert list(DuplicatePair.objects.order_by("pk").values_list("state", flat=True)) == [
        "dismissed",
        "suggested",
        "suggested",
    ]
    browser.post(f"{LIST}undo/")
    assert not DuplicatePair.objects.exclude(state="suggested").exists()
    assert DuplicateDecision.objects.count() == 4


def test_a_pair_that_somebody_decided_anew_is_not_undone(pairs: list[DuplicatePair]) -> None:
    browser = curator()
    browser.post(f"{LIST}{pairs[0].pk}/decide/", {"decision": "dismissed"})
    DuplicatePair.objects.filter(pk=pairs[0].pk).update(state="confirmed")
    assert "decided anew" in browser.post(f"{LIST}undo/", follow=True).content.decode()
    assert DuplicatePair.objects.get(pk=pairs[0].pk).state == "confirmed"


def test_a_merge_is_undone_from_its_pair_and_from_its_items(pairs: list[DuplicatePair], tents: list[Item]) -> None:
    browser = curator()
    for page_address in (f"{LIST}{pairs[0].pk}/change/", f"/admin/catalog/item/{tents[0].pk}/change/"):
        post_merge(browser, pairs[0])
        record = MergeRecord.objects.latest("pk")
        undo_address = f"{LIST}merges/{record.pk}/undo/"
        assert f'formaction="{undo_address}"' in browser.get(page_address).content.decode()
        answer = browser.post(undo_address, {"back": page_address, "reason": "Sold apart."})
        assert answer.headers["Location"] == page_address
        assert item(tents[0].pk).merged_into_id is None
        assert DuplicateDecision.objects.first().reason == "Sold apart."  # type: ignore[union-attr]
        assert DuplicatePair.objects.get(pk=pairs[0].pk).state == "suggested"
    assert "undone already" in browser.post(undo_address, follow=True).content.decode()


def test_undoing_leads_to_no_foreign_site(pairs: list[DuplicatePair]) -> None:
    browser = curator()
    post_merge(browser, pairs[0])
    address = f"{LIST}merges/{MergeRecord.objects.get().pk}/undo/"
    assert browser.post(address, {"back": "https://evil.example/"}).headers["Location"] == LIST


def test_undoing_is_done_by_post_only() -> None:
    browser = curator()
    assert browser.get(f"{LIST}undo/").status_code == 405
    assert browser.get(f"{LIST}merges/1/undo/").status_code == 405
    assert browser.post(f"{LIST}merges/1/undo/").status_code == 404
