"""Decisions by the functions that API and admin call: same, not the same, variants, and taking them back."""

from __future__ import annotations

import pytest

from catalog.access import Actor
from catalog.errors import Conflict
from catalog.models import Collection, Item
from search.duplicates.review.decisions import decide, decided_before, history_of
from search.duplicates.review.groups import exclude_member, merge_group, read_group
from search.duplicates.review.merging import merge_of, merge_pair, pair_of, unmerge_pair
from search.duplicates.review.outlook import TELLING, outlook_of
from search.duplicates.review.pairs import group_of_item, pairs_of_item, variants_of_item
from search.models import DuplicatePair, DuplicateStatistic
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
ANN = Actor(rank=3, name="Ann")


@pytest.fixture
def shop() -> Collection:
    return make_collection()


@pytest.fixture
def tents(shop: Collection) -> list[Item]:
    return add_items(shop, *({"title": f"Dome tent {n}", "body": "A tent."} for n in range(4)))


def flagged(one: Item, other: Item, score: float = 0.9) -> DuplicatePair:
    pair = pair_of(one, other)
    pair.score, pair.is_flagged = score, True
    pair.save()
    return pair


def test_a_decision_says_who_and_why_and_is_kept_when_taken_back(tents: list[Item]) -> None:
    pair = decide(pair=flagged(tents[0], tents[1]), decision="dismissed", actor=ANN, reason="Other poles.")
    assert (pair.state, pair.decided_by_name, pair.reason) == ("dismissed", "Ann", "Other poles.")
    back = decide(pair=pair, decision="suggested", actor=ANN)
    assert (back.state, back.decided_by_name, back.decided_at) == ("suggested", "", None)
    assert [past.decision for past in history_of(back)] == ["suggested", "dismissed"]
    assert not decided_before(back)


def test_variants_are_kept_apart_and_named(tents: list[Item]) -> None:
    decide(pair=flagged(tents[0], tents[1]), decision="variant", actor=ANN)
    assert group_of_item(tents[0]) == []
    assert pairs_of_item(tents[0]) == []
    assert [other.pk for other, _ in variants_of_item(tents[0])] == [tents[1].pk]


def test_variants_are_never_merged_through_a_third_item(tents: list[Item]) -> None:
    decide(pair=flagged(tents[0], tents[1]), decision="variant", actor=ANN)
    merge_pair(pair=flagged(tents[0], tents[2]), keeper_id=tents[2].pk, actor=ANN)
    with pytest.raises(Conflict, match="would become one"):
        merge_pair(pair=flagged(tents[1], tents[2]), keeper_id=tents[1].pk, actor=ANN)


def test_a_merge_confirms_the_pair_and_undoing_it_brings_the_item_back(tents: list[Item]) -> None:
    pair = flagged(tents[0], tents[1])
    record = merge_pair(pair=pair, keeper_id=tents[1].pk, actor=ANN)
    pair.refresh_from_db()
    assert pair.state == "confirmed" and merge_of(pair) == record
    with pytest.raises(Conflict, match="Undo the merge first"):
        decide(pair=pair, decision="variant", actor=ANN)
    unmerge_pair(record=record, actor=ANN)
    pair.refresh_from_db()
    tents[0].refresh_from_db()
    assert pair.state == "suggested" and tents[0].merged_into_id is None and merge_of(pair) is None


def test_a_group_is_merged_whole_or_not_at_all(tents: list[Item]) -> None:
    for one, other in ((0, 1), (1, 2), (0, 2)):
        flagged(tents[one], tents[other])
    group = read_group(tents[0])
    assert group is not None and group.ids == [item.pk for item in tents[:3]]
    with pytest.raises(Conflict, match="has changed"):
        merge_group(keeper=tents[0], member_ids=[item.pk for item in tents], actor=ANN)
    assert not Item.objects.filter(merged_into=tents[0]).exists()
    assert len(merge_group(keeper=tents[0], member_ids=group.ids, actor=ANN)) == 2
    assert set(Item.objects.filter(merged_into=tents[0]).values_list("pk", flat=True)) == {tents[1].pk, tents[2].pk}


def test_a_member_that_is_left_out_leaves_the_others_a_group(tents: list[Item]) -> None:
    for one, other in ((0, 1), (1, 2), (0, 2)):
        flagged(tents[one], tents[other])
    exclude_member(member=tents[2], member_ids=[item.pk for item in tents[:3]], actor=ANN)
    assert group_of_item(tents[0]) == [tents[0].pk, tents[1].pk]
    assert group_of_item(tents[2]) == []


def test_the_outlook_sets_decisions_beside_what_was_expected(shop: Collection) -> None:
    assert outlook_of(shop.pk) is None
    expected = {"flagged": 60, "precision": 0.9, "low": 0.7, "high": 0.97}
    DuplicateStatistic.objects.create(collection=shop, documents=120, words=b"", expected=expected)
    items = add_items(shop, *({"title": f"Thing {n}"} for n in range(2 * TELLING)))
    for at in range(TELLING):
        outlook = outlook_of(shop.pk)
        assert outlook is not None and not outlook.is_telling
        pair = flagged(items[2 * at], items[2 * at + 1])
        decide(pair=pair, decision="confirmed" if at % 5 else "dismissed", actor=ANN)
    outlook = outlook_of(shop.pk)
    assert outlook is not None and outlook.is_telling
    assert (outlook.expected.precision, outlook.seen) == (0.9, 0.8)
