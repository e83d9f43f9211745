"""Import and export of items in the admin."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from tests.admin_people import curator

pytestmark = pytest.mark.django_db
IMPORT = "/admin/catalog/item/import/"
CSV, JSON = "0", "1"


@pytest.fixture
def shop() -> Collection:
    return create_collection(slug="shop")


def upload(browser: Client, text: str, file_format: str, collection: Collection | None = None) -> Any:
    file = SimpleUploadedFile("items", text.encode())
    data = {"import_file": file, "format": file_format, "resource": "0"}
    return browser.post(IMPORT, {**data, **({"collection": collection.pk} if collection else {})})


def confirm(browser: Client, preview: Any) -> None:
    form = preview.context["confirm_form"]
    answer = browser.post("/admin/catalog/item/process_import/", form.initial)
    assert answer.status_code == 302


def test_csv_is_previewed_and_then_imported(shop: Collection) -> None:
    browser = curator()
    text = 'collection,external_id,title,attributes,brand\nshop,t-1,Tent,"{""price"": 249}",Tarn\nshop,t-2,Mat,,\n'
    preview = upload(browser, text, CSV)
    assert [row.import_type for row in preview.context["result"].rows] == ["new", "new"]
    assert Item.objects.count() == 0
    confirm(browser, preview)
    tent = Item.objects.get(external_id="t-1")
    assert (tent.title, tent.attributes) == ("Tent", {"price": 249, "brand": "Tarn"})
    assert LogEntry.objects.filter(object_id=tent.pk).count() == 1


def test_json_rows_may_have_different_keys(shop: Collection) -> None:
    browser = curator()
    text = '[{"external_id": "a", "title": "A"}, {"body": "B", "attributes": {"x": [1]}, "external_id": "b"}]'
    confirm(browser, upload(browser, text, JSON, shop))
    assert list(Item.objects.values_list("external_id", "title", "body", "attributes")) == [
        ("a", "A", "", {}),
        ("b", "", "B", {"x": [1]}),
    ]


def test_json_lines_are_read_too(shop: Collection) -> None:
    browser = curator()
    confirm(
        browser, upload(browser, '{"external_id": "a", "title": "A"}\n{"external_id": "b", "title": "B"}\n', JSON, shop)
    )
    assert Item.objects.count() == 2


def test_bad_rows_are_reported_and_the_good_ones_can_be_imported(shop: Collection) -> None:
    browser = curator()
    lines = ["external_id,title,url,attributes", "good,Good,,", "bad-url,Bad,javascript:1,", "empty,,,", "json,J,,{"]
    preview = upload(browser, "\n".join(lines), CSV, shop)
    page = preview.content.decode()
    assert [row.number for row in preview.context["result"].invalid_rows] == [2, 3, 4]
    for reason in ("must not be a script", "both empty", "not JSON"):
        assert reason in page
    confirm(browser, preview)
    assert [item.external_id for item in Item.objects.all()] == ["good"]


def test_an_unknown_collection_is_a_bad_row(shop: Collection) -> None:
    preview = upload(curator(), "collection,external_id,title\nnone,a,A\n", CSV)
    assert "is no collection; there are: shop" in preview.content.decode()
    assert "confirm_form" not in preview.context


@pytest.mark.parametrize("text", ["[1, 2]", "{broken", "", "[]"])
def test_a_file_that_is_no_json_is_refused(shop: Collection, text: str) -> None:
    form = upload(curator(), text, JSON, shop).context["form"]
    assert form.errors["import_file"]


def test_columns_that_are_left_out_keep_their_value(shop: Collection) -> None:
    entries = [parse_item({"external_id": n, "title": n, "attributes": {"x": 1}}) for n in ("a", "b")]
    upsert_items(collection=shop, entries=entries)
    browser = curator()
    preview = upload(browser, "external_id,status\na,archived\nb,published\n", CSV, shop)
    assert [row.import_type for row in preview.context["result"].rows] == ["update", "skip"]
    confirm(browser, preview)
    item = Item.objects.get(external_id="a")
    assert (item.status, item.title, item.attributes) == ("archived", "a", {"x": 1})


@pytest.mark.parametrize("file_format", [CSV, JSON])
def test_what_is_exported_is_imported_unchanged(shop: Collection, file_format: str) -> None:
    content = {"external_id": "a", "title": "=Tent", "body": 'Zwei\nZeilen, "x"', "attributes": {"n": 1.5, "l": ["ä"]}}
    upsert_items(collection=shop, entries=[parse_item(content)])
    browser = curator()
    exported = browser.post("/admin/catalog/item/export/", {"format": file_format, "resource": "0"})
    text = exported.content.decode()
    preview = upload(browser, text, file_format)
    assert [row.import_type for row in preview.context["result"].rows] == ["skip"]
    Item.objects.all().delete()
    confirm(browser, upload(browser, text, file_format))
    item = Item.objects.get()
    assert {name: getattr(item, name) for name in content} == content


def test_exported_attributes_are_json_objects(shop: Collection) -> None:
    upsert_items(collection=shop, entries=[parse_item({"external_id": "a", "title": "A", "attributes": {"x": 1}})])
    exported = curator().post("/admin/catalog/item/export/", {"format": JSON, "resource": "0"})
    assert json.loads(exported.content)[0]["attributes"] == {"x": 1}


def test_an_export_follows_search_and_filters(shop: Collection) -> None:
    entries = [parse_item({"external_id": n, "title": n}) for n in ("tent", "stove")]
    upsert_items(collection=shop, entries=entries)
    exported = curator().post("/admin/catalog/item/export/?q=tent", {"format": JSON, "resource": "0"})
    assert [row["external_id"] for row in json.loads(exported.content)] == ["tent"]


def test_an_import_asks_the_database_a_fixed_number_of_times(
    shop: Collection, django_assert_max_num_queries: Any
) -> None:
    browser = curator()
    text = "external_id,title\n" + "".join(f"{n},T\n" for n in range(300))
    with django_assert_max_num_queries(20):
        preview = upload(browser, text, CSV, shop)
    assert len(preview.context["result"].rows) == 300


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-20 degrees", "@SUM(A1)", "'=quoted", "'quoted'", "plain"])
def test_no_cell_of_a_csv_is_a_formula_and_the_import_of_an_export_changes_nothing(
    shop: Collection, title: str
) -> None:
    upsert_items(collection=shop, entries=[parse_item({"external_id": "-1", "title": title})])
    browser = curator()
    text = browser.post("/admin/catalog/item/export/", {"format": CSV, "resource": "0"}).content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert [row.import_type for row in upload(browser, text, CSV).context["result"].rows] == ["skip"]
