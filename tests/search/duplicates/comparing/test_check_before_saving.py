"""A check of an item before it is saved."""

from __future__ import annotations

import pytest

from catalog.schemas import parse_item
from search.duplicates.comparing.check import check_item
from search.models import DuplicatePair
from tests.search.duplicates.comparing.test_scan import SAME_TENT, TENT, shop

pytestmark = pytest.mark.django_db


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
