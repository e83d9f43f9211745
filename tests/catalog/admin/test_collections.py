"""Collections in the admin."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from tests.admin_people import administrator, charlie, curator

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/collection/"


def fields(**changes: str) -> dict[str, str]:
    plain = {"slug": "shop", "name": "Shop", "description": "", "language": "english", "visibility": "public"}
    return {**plain, "attribute_schema": '{"brand": {"facet": true}}', "duplicate_policy": "", **changes}


def test_a_collection_is_made() -> None:
    administrator().post(f"{LIST}add/", fields())
    shop = Collection.objects.get()
    assert (shop.attribute_schema, shop.duplicate_policy) == ({"brand": {"facet": True}}, {})


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("attribute_schema", "{", "valid JSON"),
        ("attribute_schema", '{"brand": {"type": "colour"}}', "brand.type: Input should be"),
        ("attribute_schema", '{"brand": {"facett": true}}', "brand.facett: unknown key"),
        ("duplicate_policy", '{"flag_threshold": 2}', "flag_threshold: Input should be less than"),
        ("slug", "Not a slug", "lower-case"),
        ("name", "", "required"),
    ],
)
def test_bad_input_is_refused_with_the_place(field: str, value: str, reason: str) -> None:
    response = administrator().post(f"{LIST}add/", fields(**{field: value}))
    assert reason in str(response.context["adminform"].form.errors[field])
    assert Collection.objects.count() == 0


def test_a_changed_schema_reaches_the_items() -> None:
    shop = create_collection(slug="shop")
    upsert_items(
        collection=shop, entries=[parse_item({"external_id": "a", "title": "A", "attributes": {"sku": "X-1"}})]
    )
    changed = fields(attribute_schema='{"sku": {"identifier": true}}')
    assert curator().post(f"{LIST}{shop.pk}/change/", changed).status_code == 302
    assert "x1" in Item.objects.get().identifiers


def test_interest_is_switched_on_by_a_checkbox_and_off_again() -> None:
    shop = create_collection(slug="shop", search_settings={"rerank": True})
    address, browser = f"{LIST}{shop.pk}/change/", curator()
    assert 'name="learn_interest"' in browser.get(address).content.decode()
    on = fields(search_settings='{"rerank": true}', learn_interest="on", interest_days="30")
    assert browser.post(address, on).status_code == 302
    shop.refresh_from_db()
    assert shop.search_settings == {"rerank": True, "learn_interest": True, "interest_days": 30}
    form = browser.get(address).context["adminform"].form
    assert form.initial["learn_interest"] is True and form.initial["search_settings"] == {"rerank": True}
    browser.post(address, fields(search_settings='{"rerank": true}'))
    shop.refresh_from_db()
    assert shop.search_settings == {"rerank": True}


def test_a_setting_is_given_in_one_place_and_within_its_bounds() -> None:
    browser = administrator()
    twice = fields(search_settings='{"learn_interest": true}', learn_interest="on")
    assert "not in both" in str(browser.post(f"{LIST}add/", twice).context["adminform"].form.errors["learn_interest"])
    far = fields(interest_days="99999")
    assert "interest_days" in browser.post(f"{LIST}add/", far).context["adminform"].form.errors
    browser.post(f"{LIST}add/", fields(search_settings='{"learn_interest": true}'))
    assert Collection.objects.get().search_settings == {"learn_interest": True}


def test_the_list_counts_items_in_one_query(django_assert_max_num_queries: Any) -> None:
    browser = curator()
    for slug in ("one", "two", "three"):
        collection = create_collection(slug=slug)
        upsert_items(collection=collection, entries=[parse_item({"external_id": "a", "title": "A"})])
    with django_assert_max_num_queries(9):
        rows = browser.get(LIST).context["cl"].result_list
    assert [row.item_count for row in rows] == [1, 1, 1]


def test_a_collection_is_deleted_with_its_items() -> None:
    shop = create_collection(slug="shop")
    upsert_items(collection=shop, entries=[parse_item({"external_id": "a", "title": "A"})])
    browser = administrator()
    assert "Shop with all its items" in browser.get(f"{LIST}{shop.pk}/delete/").content.decode()
    browser.post(f"{LIST}{shop.pk}/delete/", {"post": "yes"})
    assert Collection.objects.count() == Item.objects.count() == 0


def test_curators_do_not_delete_collections_and_charlie_sees_none() -> None:
    shop = create_collection(slug="shop")
    assert curator().post(f"{LIST}{shop.pk}/delete/", {"post": "yes"}).status_code == 403
    stranger = charlie()
    assert {stranger.get(LIST + path).status_code for path in ("", "add/", f"{shop.pk}/change/")} == {403}
