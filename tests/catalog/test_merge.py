"""Merging two items and undoing it: nothing is lost, everything comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.access import STRANGER, Actor
from catalog.errors import Conflict, InvalidInput
from catalog.models import Collection, Item
from catalog.services.merge import Side, count_incoming, merge_items, unmerge_items
from catalog.visibility import visible_item
from search.duplicates.comparing.scan import scan
from search.duplicates.review.merging import merge_pair, suggest_keeper, unmerge_pair
from search.embedding.queue import pipeline
from search.models import DuplicatePair
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
CURATOR = Actor(rank=3, name="Ann")


def two_items(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> tuple[Item, Item]:
    collection = make_collection(f"shop-{Collection.objects.count()}")
    keeper, other = add_items(collection, {"title": "Dome tent", **(first or {})}, {"title": "Tent", **(second or {})})
    return keeper, other


def rows_of(table: str) -> list[dict[str, Any]]:
    """Every row with every column, as PostgreSQL has it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY t.id")
        return [json.loads(row[0]) for row in cursor.fetchall()]


def test_a_merge_unites_attributes_and_hides_the_other_item() -> None:
    keeper, other = two_items(
        {"attributes": {"brand": "Norrdal", "colours": ["green"]}},
        {"body": "For two.", "attributes": {"brand": "Other", "colours": ["blue", "green"], "price": 9}},
    )
    merge_items(keeper=keeper, other=other, actor_name="Ann")
    keeper.refresh_from_db()
    other.refresh_from_db()
    assert (keeper.title, keeper.body) == ("Dome tent", "For two.")
    assert keeper.attributes == {"brand": "Norrdal", "colours": ["green", "blue"], "price": 9}
    assert other.merged_into_id == keeper.pk
    assert list(Item.objects.visible()) == [keeper]


def test_fields_are_chosen_one_by_one() -> None:
    keeper, other = two_items({"attributes": {"brand": "A", "price": 1}}, {"attributes": {"brand": "B", "price": 2}})
    merge_items(keeper=keeper, other=other, field_choices={"title": "other", "attributes.price": "other"})
    keeper.refresh_from_db()
    assert (keeper.title, keeper.attributes) == ("Tent", {"brand": "A", "price": 2})


def test_a_list_is_united_unless_one_side_is_chosen() -> None:
    red, blue = {"colours": ["red"]}, {"colours": ["blue"]}
    choices: list[tuple[dict[str, Side], list[str]]] = [
        ({}, ["red", "blue"]),
        ({"attributes.colours": "keeper"}, ["red"]),
        ({"attributes.colours": "other"}, ["blue"]),
    ]
    for chosen, colours in choices:
        keeper, other = two_items({"attributes": red}, {"attributes": blue})
        merge_items(keeper=keeper, other=other, field_choices=chosen)
        keeper.refresh_from_db()
        assert keeper.attributes == {"colours": colours}


def test_what_points_at_an_item_is_counted() -> None:
    keeper, other = two_items()
    assert count_incoming([keeper.pk, other.pk]) == {keeper.pk: 0, other.pk: 0}
    merge_items(keeper=keeper, other=other)
    assert count_incoming([keeper.pk, other.pk]) == {keeper.pk: 1, other.pk: 0}


def test_old_addresses_lead_to_the_keeper_through_a_chain_of_merges() -> None:
    keeper, other = two_items()
    (last,) = add_items(keeper.collection, {"title": "Best tent"})
    merge_items(keeper=keeper, other=other)
    merge_items(keeper=last, other=keeper)
    other.refresh_from_db()
    assert other.merged_into_id == last.pk
    found = visible_item(actor=STRANGER, collection=keeper.collection, external_id=other.external_id)
    assert found.pk == last.pk


def test_a_chain_is_undone_from_its_end() -> None:
    keeper, other = two_items()
    (last,) = add_items(keeper.collection, {"title": "Best tent"})
    first_merge = merge_items(keeper=keeper, other=other)
    second_merge = merge_items(keeper=last, other=keeper)
    with pytest.raises(Conflict):
        unmerge_items(record=first_merge)
    unmerge_items(record=second_merge)
    unmerge_items(record=first_merge)
    assert not Item.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize("choices", [{"external_id": "other"}, {"title": "both"}])
def test_choices_that_make_no_sense_are_refused(choices: dict[str, Any]) -> None:
    keeper, other = two_items()
    with pytest.raises(InvalidInput):
        merge_items(keeper=keeper, other=other, field_choices=choices)


def test_what_cannot_be_merged_is_refused() -> None:
    keeper, other = two_items()
    elsewhere, _ = two_items()
    for left, right in ((keeper, keeper), (keeper, elsewhere)):
        with pytest.raises(InvalidInput):
            merge_items(keeper=left, other=right)
    record = merge_items(keeper=keeper, other=other)
    with pytest.raises(Conflict):
        merge_items(keeper=keeper, other=other)
    unmerge_items(record=record)
    with pytest.raises(Conflict):
        unmerge_items(record=record)


def test_what_was_edited_after_the_merge_stays_edited() -> None:
    keeper, other = two_items({}, {"body": "For two.", "url": "https://example.org/x"})
    record = merge_items(keeper=keeper, other=other)
    Item.objects.filter(pk=keeper.pk).update(body="Edited since.")
    unmerge_items(record=record)
    keeper.refresh_from_db()
    assert (keeper.body, keeper.url) == ("Edited since.", "")


VALUES = st.one_of(
    st.none(), st.integers(-9, 9), st.text("abc", max_size=3), st.lists(st.text("ab", max_size=2), max_size=3)
)
CONTENT = st.fixed_dictionaries(
    {
        "title": st.text("abc ", min_size=1, max_size=8).filter(str.strip),
        "body": st.text("abc .", max_size=20),
        "attributes": st.dictionaries(st.sampled_from(["brand", "price", "colours", "sku"]), VALUES, max_size=4),
    }
)
SIDES = st.sampled_from(["keeper", "other"])
CHOICES = st.dictionaries(st.sampled_from(["title", "body", "attributes", "attributes.brand"]), SIDES, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTENT, CONTENT, CHOICES)
def test_undo_restores_every_row_exactly(
    first: dict[str, Any], second: dict[str, Any], choices: dict[str, Any]
) -> None:
    with transaction.atomic():
        keeper, other = two_items(first, second)
        (merged_before,) = add_items(keeper.collection, {"title": "Merged before"})
        merge_items(keeper=other, other=merged_before)
        before = rows_of("catalog_item")
        record = merge_items(keeper=keeper, other=other, field_choices=choices)
        assert rows_of("catalog_item") != before
        unmerge_items(record=record)
        after = rows_of("catalog_item")
        transaction.set_rollback(True)
    assert after == before


def test_undoing_a_merged_pair_leaves_it_undecided() -> None:
    text = {"title": "Norrdal Sund 2 trekking tent", "body": "A shelter for two walkers, 2.35 kg."}
    collection = make_collection()
    first, second = add_items(collection, text, {**text, "image": "/x.png", "attributes": {"brand": "Norrdal"}})
    pipeline.drain()
    scan(collection=collection)
    pair = DuplicatePair.objects.select_related("first", "second").get()
    suggestion = suggest_keeper(pair)
    assert (suggestion.keeper.pk, suggestion.reason) == (second.pk, "it has more attributes (1 against 0)")
    record = merge_pair(pair=pair, keeper_id=second.pk, actor=CURATOR)
    pair.refresh_from_db()
    assert pair.state == "confirmed"
    assert Item.objects.get(pk=first.pk).merged_into_id == second.pk
    unmerge_pair(record=record, actor=CURATOR)
    scan(collection=collection)
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by_name) == ("suggested", "")
