"""The attributes of a collection as rows of a form, and who made them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from catalog.models import Collection, Item
from catalog.models.collection import SchemaSource
from catalog.services.bulk import upsert_raw
from catalog.services.collections import create_collection, update_collection
from tests.admin_people import administrator, curator
from tests.factories import facet, find
from tests.html_forms import form_data

pytestmark = pytest.mark.django_db
ROWS = [{"external_id": f"i{n}", "title": f"Tent {n}", "attributes": {"price": f"{n},50"}} for n in range(1, 7)]


@pytest.fixture
def shop() -> Collection:
    collection = create_collection(slug="shop")
    upsert_raw(collection=collection, entries=ROWS)
    return Collection.objects.get()


def address(collection: Collection) -> str:
    return f"/admin/catalog/collection/{collection.pk}/change/"


def form_of(page: Any) -> dict[str, Any]:
    return form_data(page.content.decode(), "collection_form")


def number_of(data: dict[str, Any], name: str) -> int:
    return next(int(key.split("-")[1]) for key, value in data.items() if key.endswith("-name") and value == name)


def test_what_was_found_is_told_and_saving_the_rest_leaves_it_found(shop: Collection) -> None:
    browser = curator()
    page = browser.get(address(shop))
    assert "We took these from your rows (6 items); change them here." in page.content.decode()
    assert browser.post(address(shop), {**form_of(page), "name": "Another name"}).status_code == 302
    saved = Collection.objects.get()
    assert (saved.name, saved.schema_source) == ("Another name", SchemaSource.FOUND)
    assert saved.attribute_schema == {"price": {"type": "number", "facet": True, "decimal": ","}}


def test_a_changed_row_is_an_edit_and_rows_never_change_it_again(shop: Collection) -> None:
    browser = curator()
    data = form_of(browser.get(address(shop)))
    row = number_of(data, "price")
    data[f"attribute_schema-{row}-label"] = "Price in euros"
    del data[f"attribute_schema-{row}-facet"]
    assert browser.post(address(shop), data).status_code == 302
    edited = Collection.objects.get()
    schema = {"price": {"type": "number", "label": "Price in euros", "decimal": ","}}
    assert (edited.attribute_schema, edited.schema_source) == (schema, SchemaSource.EDITED)
    more = [{**item, "external_id": f"x{n}", "attributes": {"brand": "AB"[n % 2]}} for n, item in enumerate(ROWS * 5)]
    upsert_raw(collection=edited, entries=more)
    assert Collection.objects.get().attribute_schema == schema
    assert "The items have more, which you may add: brand (term" in browser.get(address(shop)).content.decode()


def test_a_row_is_added_renamed_and_removed(shop: Collection) -> None:
    update_collection(collection=shop, attribute_schema={"a": {"values": {"x": "said"}}, "b": {}})
    browser = curator()
    data = form_of(browser.get(address(shop)))
    first, second = number_of(data, "a"), number_of(data, "b")
    data |= {f"attribute_schema-{first}-name": "kind", f"attribute_schema-{second}-remove": "on"}
    new = int(data["attribute_schema-rows"]) - 1
    data |= {f"attribute_schema-{new}-name": "isbn", f"attribute_schema-{new}-identifier": "on"}
    assert browser.post(address(shop), data).status_code == 302
    schema = Collection.objects.get().attribute_schema
    assert (
        schema["kind"]["values"] == {"x": "said"} and schema["isbn"]["identifier"] and set(schema) == {"kind", "isbn"}
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "a.b"}, "a.b"),
        ({"name": ""}, "needs a key"),
        ({"type": "colour"}, "price.type"),
        ({"separator": "-"}, "price.separator"),
    ],
)
def test_a_wrong_row_is_told_and_nothing_is_saved(shop: Collection, changes: dict[str, str], reason: str) -> None:
    browser = curator()
    data = form_of(browser.get(address(shop)))
    row = number_of(data, "price")
    data |= {f"attribute_schema-{row}-{name}": value for name, value in changes.items()}
    answer = browser.post(address(shop), data)
    assert reason in str(answer.context["adminform"].form.errors["attribute_schema"])
    assert Collection.objects.get().schema_source == SchemaSource.FOUND


def test_an_old_page_does_not_undo_what_somebody_else_changed(shop: Collection) -> None:
    browser = curator()
    data = form_of(browser.get(address(shop)))
    update_collection(collection=shop, attribute_schema={"price": {"type": "number", "label": "Cost"}})
    assert browser.post(address(shop), {**data, "name": "Name"}).status_code == 302
    assert Collection.objects.get().attribute_schema["price"]["label"] == "Cost"
    data[f"attribute_schema-{number_of(data, 'price')}-label"] = "Price"
    answer = browser.post(address(shop), data)
    assert "changed meanwhile" in str(answer.context["adminform"].form.errors["attribute_schema"])


def test_a_pasted_schema_replaces_the_rows(shop: Collection) -> None:
    browser = curator()
    data = form_of(browser.get(address(shop)))
    assert browser.post(address(shop), {**data, "attribute_schema": '{"sku": {"identifier": true}}'}).status_code == 302
    assert Collection.objects.get().attribute_schema == {"sku": {"identifier": True}}


def test_naming_the_found_schema_confirms_it_and_naming_other_fields_does_not(shop: Collection) -> None:
    update_collection(collection=shop, name="Other")
    assert Collection.objects.get().schema_source == SchemaSource.FOUND
    update_collection(collection=shop, attribute_schema=shop.attribute_schema)
    assert Collection.objects.get().schema_source == SchemaSource.EDITED


def test_a_change_by_an_old_instance_keeps_what_was_learned_meanwhile() -> None:
    old = create_collection(slug="shop")
    upsert_raw(collection=Collection.objects.get(), entries=ROWS)
    update_collection(collection=old, description="A shop")
    assert "price" in Collection.objects.get().attribute_schema and "price" in old.attribute_schema


def test_an_import_says_where_to_change_what_it_took(shop: Collection, tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_text("id,title,genre\n" + "".join(f"{n},Book {n},{'AB'[n % 2]}\n" for n in range(12)))
    out = io.StringIO()
    call_command("import_items", str(path), "--collection", "books", stdout=out, stderr=io.StringIO())
    books = Collection.objects.get(slug="books")
    assert f"We took these attributes; change them at http://127.0.0.1:8000{address(books)}" in out.getvalue()
    assert "genre: term, filter by value" in out.getvalue()
    assert (
        administrator().get(address(books)).status_code == 200 and Item.objects.filter(collection=books).count() == 12
    )


DEBIAN = Path(__file__).resolve().parents[4] / "shared" / "data" / "debian-packages.jsonl.gz"


@pytest.mark.skipif(not DEBIAN.exists(), reason="the Debian packages are not beside the project")
def test_debian_packages_have_facets_at_once(tmp_path: Path) -> None:
    path = tmp_path / "packages.jsonl"
    with gzip.open(DEBIAN, "rt") as lines, path.open("w") as some:
        some.writelines(line for number, line in enumerate(lines) if number % 100 == 0)
    call_command("import_items", str(path), "--collection", "debian", stdout=io.StringIO(), stderr=io.StringIO())
    packages = Collection.objects.get(slug="debian")
    facets = {name for name, definition in packages.attribute_schema.items() if definition.get("facet")}
    assert "section" in facets and packages.schema_source == SchemaSource.FOUND
    section = facet(find(packages, facets=("section",)), "section")
    assert len(section) > 5
