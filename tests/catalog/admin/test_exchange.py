"""Import and export of items in the admin."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.models import Collection, Item, Run
from catalog.models.collection import SchemaSource
from catalog.models.run import RunState
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from catalog.uploads import store
from tests.admin_people import administrator, curator

pytestmark = pytest.mark.django_db
IMPORT = "/admin/catalog/item/import/"
PROCESS = "/admin/catalog/item/process_import/"


@pytest.fixture
def shop() -> Collection:
    return create_collection(slug="shop")


@pytest.fixture(autouse=True)
def _uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "folder", lambda: tmp_path)


def upload(browser: Client, content: str | bytes, name: str = "items.csv", **into: Any) -> Any:
    """The page that shows what an import would do, or the form with its errors."""
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    into = into or {"collection": Collection.objects.get(slug="shop").pk}
    return browser.post(IMPORT, {"file": file, **into}, follow=True)


def token_of(page: Any) -> str:
    return str(page.context["upload"].token)


def confirm(browser: Client, page: Any, **choices: str) -> Any:
    return browser.post(PROCESS, {"upload": token_of(page), **choices}, follow=True)


def counts(page: Any) -> tuple[int, int, int, int]:
    report = page.context["look"].report
    return report.created, report.updated, report.unchanged, report.bad


def test_a_table_is_looked_at_imported_and_leads_to_the_search(shop: Collection) -> None:
    browser = curator()
    rows = "".join(f"b{n};Buch {n};{['Krimi', 'Roman'][n % 2]};{n},50\n" for n in range(10))
    page = upload(browser, f"id;Titel;genre;price\n{rows}".encode("cp1252"), "Bücher.csv")
    text = page.content.decode()
    assert counts(page) == (10, 0, 0, 0) and Item.objects.count() == 0
    assert "columns separated by semicolon" in text and "number with decimal comma, filter by range" in text
    assert Collection.objects.get().attribute_schema == {}
    done = confirm(browser, page)
    assert Item.objects.get(external_id="b3").attributes == {"genre": "Roman", "price": 3.5}
    assert f'href="/c/{shop.slug}/"' in done.content.decode()
    assert "We took these attributes from your rows" in done.content.decode()
    run = Run.objects.get()
    assert (run.state, run.done, run.started_by_id is not None) == (RunState.FINISHED, 10, True)
    assert "Imported Bücher.csv: 10 created" in LogEntry.objects.get().change_message
    assert not list(store.folder().glob("*.csv"))


def test_columns_are_mapped_by_choice(shop: Collection) -> None:
    browser = curator()
    page = upload(browser, "Nr,Ding,name,noise\n7,Zelt,Tarn,x\n8,Matte,Tarn,x\n")
    assert [(line.name, line.role) for line in page.context["look"].columns] == [
        ("Nr", "attribute"), ("Ding", "attribute"), ("name", "title"), ("noise", "attribute"),
    ]  # fmt: skip
    choices = {"column.0": "external_id", "column.1": "title", "column.2": "attribute", "column.3": "ignored"}
    again = browser.get(f"{IMPORT}{token_of(page)}/look/", choices)
    assert [line.role for line in again.context["look"].columns] == ["external_id", "title", "attribute", "ignored"]
    confirm(browser, again, **choices)
    assert list(Item.objects.values_list("external_id", "title", "attributes")) == [
        ("7", "Zelt", {"name": "Tarn"}),
        ("8", "Matte", {"name": "Tarn"}),
    ]


def test_a_column_chosen_twice_is_told_and_the_choice_stays_on_the_page(shop: Collection) -> None:
    browser = curator()
    page = upload(browser, "id,title,other\n1,A,B\n")
    again = browser.get(f"{IMPORT}{token_of(page)}/look/", {"column.1": "title", "column.2": "title"})
    assert "Two columns are the title" in again.content.decode()
    assert again.context["look"].columns[2].role == "title"


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        ("a,b\n1,2\n", "x.csv", "No column is named title or name"),
        ("\n \n", "x.csv", "empty"),
        ("id,title\n1,A\n", "x.xlsx", "x.xlsx"),
        ("[1, 2]", "x.json", "item: must be a JSON object"),
        ("title,title\nA,B\n", "x.csv", "names the column &#x27;title&#x27; twice"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_in_one_sentence_without_a_path(
    shop: Collection, content: str, name: str, reason: str
) -> None:
    page = upload(curator(), content, name)
    text = page.content.decode()
    assert page.status_code == 200 and reason in text
    assert "Traceback" not in text and str(store.folder()) not in text and f"{token_of(page)}." not in text
    assert 'value="yes">Import the' not in text and "Cancel" in text


def test_a_wrong_separator_is_mended_on_the_page(shop: Collection) -> None:
    browser = curator()
    page = upload(browser, "title,a|note,c|title,b\nX,1|2,3|Y,4\n")
    again = browser.get(f"{IMPORT}{token_of(page)}/look/", {"delimiter": "bar", "column.0": "title"})
    assert [line.name for line in again.context["look"].columns] == ["title,a", "note,c", "title,b"]
    confirm(browser, again, **{"delimiter": "bar", "column.0": "title"})
    assert Item.objects.get().title == "X,1"


def test_a_name_of_no_known_ending_is_refused_at_once(shop: Collection) -> None:
    page = upload(curator(), "x", "notes.docx")
    assert "notes.docx: the name must end in" in str(page.context["form"].errors["file"])
    assert not list(store.folder().iterdir())


def test_bad_rows_are_told_by_line_and_come_as_a_file_to_mend(shop: Collection) -> None:
    browser = curator()
    shop.attribute_schema = {"price": {"type": "number"}}
    shop.schema_source = SchemaSource.EDITED
    shop.save()
    lines = ["external_id,title,url,price", "good,Good,,1", "bad-url,Bad,javascript:1,", "empty,,,", "p,P,,abc"]
    page = upload(browser, "\n".join(lines))
    assert counts(page) == (1, 0, 0, 3)
    text = page.content.decode()
    for number, reason in ((3, "must not be a script"), (4, "both empty"), (5, "&#x27;abc&#x27; is not a number")):
        assert f"<td>{number}</td>" in text and reason in text
    address = f"{IMPORT}{token_of(page)}/bad-rows/"
    before = b"".join(browser.get(address)).decode()
    done = confirm(browser, page)
    assert [item.external_id for item in Item.objects.all()] == ["good"]
    assert address in done.content.decode()
    answer = browser.get(address)
    bad = b"".join(answer).decode()
    assert bad == before and 'filename="items-bad-rows.csv"' in answer["Content-Disposition"]
    assert [row["akin_line"] for row in csv.DictReader(io.StringIO(bad))] == ["3", "4", "5"]
    mended = bad.replace("javascript:1", "").replace("empty,,", "empty,Full,").replace("abc", "2")
    confirm(browser, upload(browser, mended, "items-bad-rows.csv"))
    assert Item.objects.count() == 4 and Item.objects.get(external_id="p").attributes == {"price": 2}


def test_a_repeated_id_is_told_and_the_first_one_counts(shop: Collection) -> None:
    browser = curator()
    page = upload(browser, "id,title\na,First\nb,B\na,Second\n")
    assert "repeats the id &#x27;a&#x27; of line 2" in page.content.decode() and counts(page)[0] == 2
    confirm(browser, page)
    assert Item.objects.get(external_id="a").title == "First"


def test_a_half_character_is_a_bad_row(shop: Collection) -> None:
    browser = curator()
    for name, content in (
        ("x.jsonl", '{"external_id": "a", "title": "A"}\n{"external_id": "b", "title": "\\ud800"}\n'),
        ("x.json", '[{"external_id": "a", "title": "A"}, {"external_id": "b", "title": "\\udc00 B"}]'),
        ("x.csv", "id,title\na,ÄÖÜÄÖÜ\n".encode() + b"b,\xed\xa0\x80\n"),
    ):
        page = upload(browser, content, name)
        *landed, bad = counts(page)
        assert page.status_code == 200 and sum(landed) >= 1 and bad == 1
        assert browser.get(f"{IMPORT}{token_of(page)}/bad-rows/").status_code == 200
        assert confirm(browser, page).status_code == 200


def test_a_workbook_makes_a_new_collection(shop: Collection, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["sku", "name", "price"], *[[f"X-{n}", f"Thing {n}", n + 0.5] for n in range(6)]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    browser = administrator()
    page = upload(browser, (tmp_path / "book.xlsx").read_bytes(), "book.xlsx", new_collection="Spare parts")
    assert counts(page)[0] == 6 and not Collection.objects.filter(slug="spare-parts").exists()
    confirm(browser, page)
    parts = Collection.objects.get(slug="spare-parts")
    assert (parts.name, parts.schema_source) == ("Spare parts", SchemaSource.FOUND) and parts.items.count() == 6


def test_a_new_collection_is_for_who_acts_in_all_and_may_add_them(shop: Collection) -> None:
    page = upload(curator(), "id,title\n1,A\n", new_collection="Mine")
    assert "new_collection" not in page.context["form"].fields and page.context["form"].errors
    assert Collection.objects.count() == 1


def test_json_rows_may_have_different_keys(shop: Collection) -> None:
    browser = curator()
    text = '[{"external_id": "a", "title": "A"}, {"body": "B", "attributes": {"x": [1]}, "external_id": "b"}]'
    confirm(browser, upload(browser, text, "items.json"))
    assert list(Item.objects.values_list("external_id", "title", "body", "attributes")) == [
        ("a", "A", "", {}),
        ("b", "", "B", {"x": [1]}),
    ]


def test_columns_that_are_left_out_keep_their_value(shop: Collection) -> None:
    entries = [parse_item({"external_id": n, "title": n, "attributes": {"x": 1}}) for n in ("a", "b")]
    upsert_items(collection=shop, entries=entries)
    browser = curator()
    page = upload(browser, "external_id,title,status\na,a,archived\nb,b,published\n")
    assert counts(page) == (0, 1, 1, 0)
    confirm(browser, page)
    item = Item.objects.get(external_id="a")
    assert (item.status, item.title, item.attributes) == ("archived", "a", {"x": 1})


def test_rows_of_another_collection_are_bad_rows(shop: Collection) -> None:
    page = upload(curator(), "collection,external_id,title\nother,a,A\nshop,b,B\n")
    assert "it belongs to &#x27;other&#x27;" in page.content.decode() and counts(page) == (1, 0, 0, 1)


def test_too_many_rows_are_sent_to_the_command(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.admin.importing.look.MAX_PREVIEWED", 2)
    page = upload(curator(), "id,title\n1,A\n2,B\n3,C\n")
    assert "too many for the browser (2): use manage.py import_items" in page.content.decode()


def test_a_look_asks_the_database_a_fixed_number_of_times(shop: Collection, django_assert_max_num_queries: Any) -> None:
    browser = curator()
    text = "external_id,title\n" + "".join(f"{n},T\n" for n in range(300))
    with django_assert_max_num_queries(40):
        page = upload(browser, text)
    assert counts(page)[0] == 300
