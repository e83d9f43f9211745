"""Export of items in the admin: what is exported is imported unchanged, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from catalog.uploads import store
from tests.admin_people import curator
from tests.catalog.admin.test_exchange import confirm, counts, upload

pytestmark = pytest.mark.django_db


CSV, JSON = "0", "1"  # formats of an export


@pytest.fixture
def shop() -> Collection:
    return create_collection(slug="shop")


@pytest.fixture(autouse=True)
def _uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "folder", lambda: tmp_path)


@pytest.mark.parametrize("file_format", [CSV, JSON])
def test_what_is_exported_is_imported_unchanged(shop: Collection, file_format: str) -> None:
    content = {"external_id": "a", "title": "=Tent", "body": 'Zwei\nZeilen, "x"', "attributes": {"n": 1.5, "l": ["ä"]}}
    upsert_items(collection=shop, entries=[parse_item(content)])
    browser = curator()
    exported = browser.post("/admin/catalog/item/export/", {"format": file_format, "resource": "0"})
    name = {CSV: "items.csv", JSON: "items.json"}[file_format]
    page = upload(browser, exported.content, name)
    assert counts(page) == (0, 0, 1, 0)
    Item.objects.all().delete()
    confirm(browser, upload(browser, exported.content, name))
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


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-20 degrees", "@SUM(A1)", "'=quoted", "'quoted'", "plain"])
def test_no_cell_of_a_csv_is_a_formula_and_the_import_of_an_export_changes_nothing(
    shop: Collection, title: str
) -> None:
    upsert_items(collection=shop, entries=[parse_item({"external_id": "-1", "title": title})])
    browser = curator()
    text = browser.post("/admin/catalog/item/export/", {"format": CSV, "resource": "0"}).content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert counts(upload(browser, text)) == (0, 0, 1, 0)
