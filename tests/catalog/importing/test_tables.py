"""Tables: columns become fields and attributes, and bad rows are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import InvalidInput
from catalog.models import Collection, Item
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
