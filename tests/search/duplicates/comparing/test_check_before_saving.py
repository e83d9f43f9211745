"""A check of an item before it is saved."""

from __future__ import annotations

import pytest

from catalog.schemas import parse_item
from catalog.services.items import save_item
from search.duplicates.comparing.check import check_item
from search.duplicates.comparing.scan import scan
from search.embedding.queue import pipeline
from search.models import DuplicatePair
from tests.search.duplicates.comparing.test_scan import SAME_TENT, TENT, shop

pytestmark = pytest.mark.django_db
ATTRIBUTES = {"brand": "Norrdal", "price": 329, "source": "a"}
OTHER_ATTRIBUTES = {"brand": "Norrdal", "price": 325, "source": "b"}


def test_an_unsaved_item_is_compared_and_nothing_is_stored() -> None:
    collection = shop(TENT)
    found = check_item(collection=collection, entry=parse_item({"external_id": "new", **SAME_TENT}))
    assert [one.item.title for one in found] == [TENT["title"]]
    assert found[0].is_flagged
    assert not DuplicatePair.objects.exists()


def test_an_item_that_is_saved_again_is_not_its_own_duplicate() -> None:
    collection = shop(TENT)
    stored = collection.items.get(title=TENT["title"])
    assert check_item(collection=collection, entry=parse_item({"external_id": stored.external_id, **TENT})) == []


def test_the_same_identifier_is_found_whatever_the_text_says() -> None:
    collection = shop({"title": "Kettle of copper", "attributes": {"sku": "AB-1234-X"}})
    entry = parse_item({"external_id": "new", "title": "Zzyzx quux", "attributes": {"sku": "ab1234x"}})
    (found,) = check_item(collection=collection, entry=entry)
    assert "same_identifier" in {term["name"] for term in found.evidence}


def test_the_score_is_that_of_the_saved_item_whichever_way_its_values_are_written() -> None:
    schema = {"material": {"list": True, "separator": ","}, "price": {"type": "number", "decimal": ","}}
    stored = {**TENT, "attributes": {**ATTRIBUTES, "material": "nylon, steel"}}
    collection = shop(stored, attribute_schema=schema)
    typed = {**SAME_TENT, "attributes": {**OTHER_ATTRIBUTES, "material": "steel,nylon", "price": "325,00"}}
    entry = parse_item({"external_id": "new", **typed})
    (before,) = check_item(collection=collection, entry=entry)
    save_item(collection=collection, entry=entry)
    pipeline.drain()
    scan(collection=collection)
    after = DuplicatePair.objects.get(second__external_id="new")
    agreement = [next(t["value"] for t in one.evidence if t["name"] == "attributes") for one in (before, after)]
    assert agreement[0] == pytest.approx(agreement[1], abs=0.05)
    assert before.score == pytest.approx(after.score, abs=0.05)


def test_a_value_that_is_none_yet_does_not_keep_from_checking() -> None:
    collection = shop(TENT, attribute_schema={"price": {"type": "number"}})
    unfinished = {**SAME_TENT, "attributes": {**OTHER_ATTRIBUTES, "price": "32 or"}}
    assert check_item(collection=collection, entry=parse_item({"external_id": "new", **unfinished}))
