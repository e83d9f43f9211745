"""Tables: columns become fields and attributes, and bad rows are told."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from pyarrow import Table, parquet

from catalog.errors import InvalidInput
from catalog.importing.bad_rows import BadRows
from catalog.importing.rows import flattened
from catalog.models import Collection, Item
from catalog.services.collections import get_or_create_collection
from tests.catalog.importing.test_importing import problems, run_import, stored
from tests.factories import make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return make_collection()


def test_csv_columns_are_fields_and_the_others_attributes(shop: Collection, tmp_path: Path) -> None:
    content = (
        'external_id,title,body,brand,attributes.size,url\r\na,Tent,"two\nlines, ""quoted""",Norrdal,,https://x.org\r\n'
        "b,Tarp,,,XL,\r\n"
    )
    report = run_import(shop, tmp_path / "items.csv", b"\xef\xbb\xbf" + content.encode())
    assert report.bad == 0
    first, second = Item.objects.order_by("id")
    assert (first.body, first.attributes, first.url) == ('two\nlines, "quoted"', {"brand": "Norrdal"}, "https://x.org")
    assert (second.body, second.attributes) == ("", {"size": "XL"})


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12), ("12.50", 12.5), ("-3", -3), ("+4", 4), (" 7 ", 7), ("007", 7), ("1e3", 1000.0), (".5", 0.5),
        ("2.", 2.0), ("12 EUR", 12), ("€79,50", 79.5), ("1,000", 1_000), ("1.234,5", 1234.5),
    ],
)  # fmt: skip
def test_csv_numbers_become_numbers_where_the_schema_says_so(
    shop: Collection, tmp_path: Path, cell: str, value: object
) -> None:
    report = run_import(shop, tmp_path / "items.csv", f'external_id,title,price,sku\na,Tent,"{cell}",12\n'.encode())
    assert problems(report) == {}
    attributes = Item.objects.get().attributes
    assert attributes == {"price": value, "sku": "12"}
    assert type(attributes["price"]) is type(value)


@pytest.mark.parametrize("cell", ["abc", "NaN", "inf", "1e999", "1_000", "١٢", "1,2,3"])
def test_what_is_no_number_is_refused_where_the_schema_wants_one(shop: Collection, tmp_path: Path, cell: str) -> None:
    report = run_import(shop, tmp_path / "items.csv", f'external_id,title,price\na,Tent,"{cell}"\n'.encode())
    assert problems(report) == {2: f"price: '{cell}' is not a number"}
    assert stored() == []


def test_bad_csv_lines_are_reported_and_the_others_land(shop: Collection, tmp_path: Path) -> None:
    content = b"\n".join(
        [
            b"external_id,title", b"a,Tent", b"b,Tent,too,many", b"c", b"d,nul \x00", b",no id", b"e,\xe4hnlich",
            "ä,öß".encode(),
            b"f," + b"x" * 2_000_001, b"g,Tarp",
        ]
    )  # fmt: skip
    report = run_import(shop, tmp_path / "items.csv", content)
    assert stored() == ["a", "ä", "g"]
    found = problems(report)
    assert set(found) == {3, 4, 5, 6, 7, 9}
    assert "more fields" in found[3] and "NUL" in found[5] and found[7] == "not UTF-8" and "not CSV" in found[9]


@pytest.mark.parametrize(
    ("lines", "landed", "bad"),
    [
        (['1,A', '2,"B', "3,C", "4,D"], {"1": "A", "3": "C", "4": "D"}, [3]),
        (['1,"A', '2,B', '3,"C', "4,D"], {"2": "B", "4": "D"}, [2, 4]),
        (['1,A', '2,"B', '3,"C, c"', "4,D"], {"1": "A", "3": "C, c", "4": "D"}, [3]),
        (['1,A', '2,"two', 'lines"', '3,"C'], {"1": "A", "2": "two\nlines"}, [5]),
        (['1,"A"B', '2,5"', "3,C"], {"1": "AB", "2": '5"', "3": "C"}, []),
    ],
)  # fmt: skip
def test_a_missing_quotation_mark_costs_its_own_line_alone(
    shop: Collection, tmp_path: Path, lines: list[str], landed: dict[str, str], bad: list[int]
) -> None:
    report = run_import(shop, tmp_path / "items.csv", "\n".join(["id,title", *lines, ""]).encode())
    assert dict(Item.objects.values_list("external_id", "title")) == landed
    assert problems(report) == dict.fromkeys(bad, "a quotation mark is opened and not closed")


def test_a_long_body_in_a_csv_lands(shop: Collection, tmp_path: Path) -> None:
    report = run_import(shop, tmp_path / "items.csv", b"external_id,body\na," + b"word " * 39_000)
    assert (report.created, report.bad) == (1, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"\n\n", "The file is empty"),
        (b"id,price\n1,2", r"No column is named title or name: the file has 'id', 'price'"),
        (b"id:title\n1:Tent", "the file has 'id:title'"),
        (b"id,title,title\n1,Tent,Tent", "names the column 'title' twice"),
        (b"PK\x03\x04rest", r"an Excel workbook or another archive: rename it so that it ends in \.xlsx"),
        (b"PAR1rest", r"\.parquet"),
        (b'[{"id": 1}]', r"by its content JSON"),
        (bytes(range(256)) * 4, "is no text"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_one_sentence(
    shop: Collection, tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason) as refused:
        run_import(shop, tmp_path / "items.csv", content)
    assert str(tmp_path) not in refused.value.message


def test_a_csv_column_called_attributes_holds_json_as_an_export_writes_it(shop: Collection, tmp_path: Path) -> None:
    content = (
        b'external_id,title,attributes,size\na,Tent,"{""brand"": ""Sund"", ""price"": 3}",M\nb,Tarp,[1],\nc,Rug,{,\n'
    )
    report = run_import(shop, tmp_path / "items.csv", content)
    assert Item.objects.get(external_id="a").attributes == {"brand": "Sund", "price": 3, "size": "M"}
    assert stored() == ["a"]
    assert problems(report)[3] == "attributes: must be a JSON object"
    assert problems(report)[4].startswith("attributes: not JSON")


def test_rows_of_blanks_are_no_rows(shop: Collection, tmp_path: Path) -> None:
    report = run_import(shop, tmp_path / "items.csv", b" ,\nid,title\na,Tent\n  , \nb,Tarp\n")
    assert (report.created, report.bad) == (2, 0)


@pytest.mark.parametrize("first_bad", [b"a", b"b,Tarp,3,too,many", b"b," + b"x" * 2_000_001, b"a,,3"])
def test_bad_rows_have_all_columns_whichever_comes_first(shop: Collection, tmp_path: Path, first_bad: bytes) -> None:
    content = b"id,title,price\n" + first_bad + b"\nc,Rug,dear\nd,Mug,4\n"
    stream = io.StringIO()
    bad = BadRows(stream)
    assert run_import(shop, tmp_path / "items.csv", content, on_bad=bad.add).bad == 2
    written = stream.getvalue()
    assert written.startswith("akin_line,akin_problem,id,title,price\r\n")
    mended = written.replace("dear", "5").replace('"3,too,many"', "3").replace(",,3", ",Tent,3")
    (row, *_) = [row for row in mended.splitlines() if ",c,Rug" in row]
    again = run_import(shop, tmp_path / "mended.csv", f"{mended.splitlines()[0]}\n{row}\n".encode())
    assert (again.created, again.bad) == (1, 0)
    if b"too,many" in first_bad:
        assert '"3,too,many"' in written


def test_a_heading_above_the_columns_of_a_sheet_is_passed_over(shop: Collection, tmp_path: Path) -> None:
    sheet = (book := Workbook()).active
    for cells in (["Price list 2026"], [], ["SKU", "Name"], ["a", "Tent"], [], ["b", ""]):
        sheet.append(cells)
    sheet.merge_cells("A1:B1")
    book.save(tmp_path / "made.xlsx")
    report = run_import(shop, tmp_path / "items.xlsx", (tmp_path / "made.xlsx").read_bytes())
    assert stored() == ["a"]
    assert problems(report) == {6: "item: title and body are both empty"}
    assert "'Price list 2026' is taken for a heading: row 3 names the columns." in report.notes


def test_a_sheet_of_one_column_has_no_heading(shop: Collection, tmp_path: Path) -> None:
    sheet = (book := Workbook()).active
    for cells in (["Name"], ["Tent"], ["Tarp"]):
        sheet.append(cells)
    book.save(tmp_path / "made.xlsx")
    assert run_import(shop, tmp_path / "items.xlsx", (tmp_path / "made.xlsx").read_bytes()).created == 2


@pytest.mark.parametrize("name", ["items.jsonl", "items.json", "wrapped.json", "items.parquet"])
def test_objects_inside_rows_become_attributes(tmp_path: Path, name: str) -> None:
    shop = get_or_create_collection(slug="shop")
    sizes = [{"width": n, "box": {"depth": 2}} for n in range(6)]
    rows: list[dict[str, Any]] = [{"id": str(n), "title": f"Tent {n}", "size": size} for n, size in enumerate(sizes)]
    rows.append({"id": "none", "title": "Tarp", "size": None})
    if name.endswith(".parquet"):
        parquet.write_table(Table.from_pylist(rows), tmp_path / "made")
        content = (tmp_path / "made").read_bytes()
    elif name == "wrapped.json":
        content = json.dumps({"count": 7, "tags": ["[", "]"], "items": rows}, indent=1).encode()
    elif name == "items.json":
        content = json.dumps(rows).encode()
    else:
        content = "\n".join(map(json.dumps, rows)).encode()
    report = run_import(shop, tmp_path / name, content)
    assert (report.created, report.bad) == (7, 0)
    assert Item.objects.get(external_id="3").attributes == {"size_width": 3, "size_box_depth": 2}
    assert Item.objects.get(external_id="none").attributes == {}
    shop.refresh_from_db()
    assert set(shop.attribute_schema) == {"size_width", "size_box_depth"}


def test_of_two_values_of_one_name_the_outer_counts() -> None:
    assert flattened({"a": {"b": 1}, "a_b": 2, "attributes": {"c": {"d": 3}}}) == {"a_b": 2, "attributes": {"c_d": 3}}


def test_a_wrapped_array_that_holds_a_bad_row_tells_its_line(shop: Collection, tmp_path: Path) -> None:
    content = b'{"next": null,\n "results": [\n  {"id": 1, "name": "Tent"},\n  {"id": 2, "name": ""}\n]}'
    assert set(problems(run_import(shop, tmp_path / "items.json", content))) == {4}
