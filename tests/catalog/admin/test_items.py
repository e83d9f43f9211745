"""Items in the admin: the form, the list and who may use them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.admin.item_search import find_items
from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection, update_collection
from catalog.services.items import create_item, upsert_items
from tests.admin_people import administrator, charlie, curator
from tests.html_forms import form_data

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/item/"
ADD = "/admin/catalog/item/add/"


@pytest.fixture
def shop() -> Collection:
    return create_collection(slug="shop", attribute_schema={"sku": {"identifier": True}})


def fields(shop: Collection, **changes: str) -> dict[str, Any]:
    return {
        "collection": shop.pk,
        "external_id": "tent-1",
        "status": "published",
        "title": "Tent",
        "body": "For two.",
        "url": "/tents/1",
        "image": "",
        "attributes": '{"sku": "TN-2044"}',
        **changes,
    }


def make(shop: Collection, external_id: str = "tent-1", **values: Any) -> Item:
    entry = parse_item({"external_id": external_id, "title": "Tent", "body": "One\ntwo.", **values})
    return create_item(collection=shop, entry=entry)


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)


def test_an_item_is_added_through_the_service_and_logged(shop: Collection) -> None:
    response = curator().post(ADD, fields(shop))
    item = Item.objects.get()
    assert response.status_code == 302
    assert (item.external_id, item.url, item.attributes) == ("tent-1", "/tents/1", {"sku": "TN-2044"})
    assert "tn2044" in item.identifiers
    assert LogEntry.objects.get().object_id == str(item.pk)


def test_an_item_is_changed_but_not_its_identity(shop: Collection) -> None:
    item = make(shop)
    curator().post(f"{LIST}{item.pk}/change/", fields(shop, title="Dome tent", external_id="other"))
    item.refresh_from_db()
    assert (item.title, item.external_id) == ("Dome tent", "tent-1")


def test_looking_and_saving_changes_nothing(shop: Collection) -> None:
    item = make(shop, body=" One\ntwo. ", attributes={"größe": [1, 2.5, None]})
    browser = curator()
    typed = form_data(browser.get(f"{LIST}{item.pk}/change/").content.decode(), "item_form")
    typed["body"] = typed["body"].replace("\n", "\r\n")  # as browsers send it
    assert '"größe"' in typed["attributes"]
    before = Item.objects.get()
    browser.post(f"{LIST}{item.pk}/change/", typed)
    after = Item.objects.get()
    assert (after.updated_at, after.body, after.attributes) == (before.updated_at, before.body, before.attributes)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("attributes", "{broken", "valid JSON"),
        ("attributes", '["a list"]', "valid dictionary"),
        ("attributes", '{"a": {"deep": 1}}', "attribute 'a' must be text"),
        ("url", "javascript:alert(1)", "must not be a script"),
        ("image", "ftp://x", "must start with http"),
        ("external_id", "", "required"),
        ("title", "x" * 1_001, "at most 1000"),
        ("status", "gone", "not one of the available choices"),
    ],
)
def test_bad_input_is_refused_with_the_reason(shop: Collection, field: str, value: str, reason: str) -> None:
    errors = errors_of(curator().post(ADD, fields(shop, **{field: value})))
    assert reason in str(errors)
    assert Item.objects.count() == 0


def test_an_item_needs_text(shop: Collection) -> None:
    assert "both empty" in str(errors_of(curator().post(ADD, fields(shop, title="", body=" "))))


def test_an_external_id_is_taken_once(shop: Collection) -> None:
    make(shop)
    assert "already exists" in str(errors_of(curator().post(ADD, fields(shop))))


def test_items_are_deleted_one_by_one_and_together(shop: Collection) -> None:
    items = [make(shop, f"tent-{n}") for n in range(3)]
    browser = curator()
    browser.post(f"{LIST}{items[0].pk}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [i.pk for i in items[1:]], "post": "yes"}
    browser.post(LIST, chosen)
    assert Item.objects.count() == 0
    assert LogEntry.objects.count() == 3


def test_the_list_costs_the_same_queries_for_one_item_and_for_forty(shop: Collection) -> None:
    browser = curator()
    make(shop, "first")
    browser.get(LIST)
    with CaptureQueriesContext(connection) as few:
        browser.get(LIST)
    upsert_items(collection=shop, entries=[parse_item({"external_id": str(n), "title": "T"}) for n in range(40)])
    with CaptureQueriesContext(connection) as many:
        response = browser.get(LIST)
    assert len(response.context["cl"].result_list) == 41
    assert len(many) == len(few) <= 10
    heavy = ("search_vector", "text_digest", "identifiers", "attributes")
    assert not [query["sql"] for query in many.captured_queries if any(name in query["sql"] for name in heavy)]


def test_search_finds_beginnings_of_title_words_and_identifiers(shop: Collection) -> None:
    make(shop, "tent-1", title="Tunnel tents", attributes={"sku": "TN-2044"})
    make(shop, "stove-1", title="Stove", body="Not a tunnel.")
    browser = curator()
    found = {
        term: browser.get(LIST, {"q": term}).context["cl"].result_count
        for term in ("tunnel", "tun ten", "TN 2044", "stove-1", "tunnel stove", "???", "a'b\\c:*")
    }
    assert found == {"tunnel": 1, "tun ten": 1, "TN 2044": 1, "stove-1": 1, "tunnel stove": 0, "???": 0, "a'b\\c:*": 0}


def test_search_reads_indexes_only(shop: Collection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = find_items(Item.objects.order_by(), "tunnel").values("pk").explain()
    assert "item_identifiers_gin" in plan
    assert "Seq Scan" not in plan


def test_charlie_sees_and_changes_nothing(shop: Collection) -> None:
    item = make(shop)
    browser = charlie()
    for path in ("", "add/", f"{item.pk}/change/", f"{item.pk}/delete/", "import/", "export/"):
        assert browser.get(LIST + path).status_code == 403, path
    for path in ("add/", f"{item.pk}/change/", "process_import/", "export/"):
        assert browser.post(LIST + path, fields(shop)).status_code == 403, path
    assert Item.objects.get().title == "Tent"


def test_who_is_not_signed_in_is_asked_to(client: Any, shop: Collection) -> None:
    assert client.get(LIST).headers["Location"].startswith("/admin/login/")


def test_an_administrator_may_do_what_a_curator_may(shop: Collection) -> None:
    assert administrator().post(ADD, fields(shop)).status_code == 302


SCHEMA = {
    "price": {"type": "number", "decimal": ",", "facet": True},
    "colours": {"list": True, "separator": "|"},
    "sold": {"type": "boolean", "label": "Sold out"},
    "since": {"type": "date"},
}


def test_attributes_are_fields_of_the_schema(shop: Collection) -> None:
    update_collection(collection=shop, attribute_schema=SCHEMA)
    item = make(shop, attributes={"price": 79.5, "colours": ["red", "blue"], "made by": "hand"})
    browser = curator()
    address = f"{LIST}{item.pk}/change/"
    html = browser.get(address).content.decode()
    data = form_data(html, "item_form")
    assert (data["attributes.price"], data["attributes.colours"]) == ("79,5", "red | blue")
    assert "Sold out" in html and '"made by": "hand"' in data["attributes"]
    browser.post(address, data)
    assert Item.objects.get().attributes == item.attributes and Item.objects.get().updated_at == item.updated_at
    typed = {"attributes.price": "1.079,50", "attributes.sold": "true", "attributes.since": "2026-03-01"}
    assert browser.post(address, {**data, **typed, "attributes.colours": ""}).status_code == 302
    assert Item.objects.get().attributes == {"price": 1079.5, "sold": True, "since": "2026-03-01", "made by": "hand"}


@pytest.mark.parametrize(("name", "text"), [("price", "abc"), ("since", "31.02.2026"), ("sold", "maybe")])
def test_a_value_that_cannot_be_read_is_told_by_its_label_and_stays_on_the_page(
    shop: Collection, name: str, text: str
) -> None:
    update_collection(collection=shop, attribute_schema=SCHEMA)
    item = make(shop, attributes={"price": 1})
    browser = curator()
    address = f"{LIST}{item.pk}/change/"
    data = form_data(browser.get(address).content.decode(), "item_form") | {f"attributes.{name}": text}
    answer = browser.post(address, data)
    label = {"price": "Price", "since": "Since", "sold": "Sold out"}[name]
    assert f"{label}: " in str(answer.context["adminform"].form.errors["attributes"])
    assert name == "sold" or f'value="{text}"' in answer.content.decode()
    assert Item.objects.get().attributes == {"price": 1}


def test_a_new_item_has_the_fields_of_the_collection_that_was_chosen(shop: Collection) -> None:
    update_collection(collection=shop, attribute_schema=SCHEMA)
    browser = curator()
    assert "attributes.price" not in browser.get(f"{LIST}add/").content.decode()
    page = browser.get(f"{LIST}add/", {"collection": str(shop.pk), "title": "Tent"}).content.decode()
    data = form_data(page, "item_form") | {"external_id": "t", "attributes.price": "5,5"}
    assert browser.post(f"{LIST}add/", data).status_code == 302
    assert (Item.objects.get().title, Item.objects.get().attributes) == ("Tent", {"price": 5.5})
