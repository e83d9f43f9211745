"""Numbers are kept exactly or refused by their name in every way in, and what is stored already can be read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from catalog.admin.site import PrettyJSONField
from catalog.importing.importing import import_file
from catalog.json_text import read_json, write_json
from catalog.models import Item, Run
from catalog.models.api_key import Scope
from catalog.models.run import RunKind
from tests.api_caller import Caller
from tests.factories import make_collection, make_searchable, shop_of

pytestmark = pytest.mark.django_db

REFUSED = ["1e20", "-1e20", "9" * 20, "-" + "9" * 25, "1" * 5_000, "1e400", "1e-400", "0.12345678901234567890123"]
KEPT = ["0", "-1", "79.5", "0.1", "1e3", "1e18", "9007199254740993", "18446744073709551615", "5e-324"]


@pytest.mark.parametrize("number", REFUSED)
def test_a_number_that_would_lose_digits_is_refused_with_the_name_of_its_attribute(number: str) -> None:
    shop_of()
    one = f'{{"external_id": "a", "title": "Tent", "attributes": {{"price": {number}}}}}'
    put = Caller(Scope.WRITE).send("PUT", "collections/shop/items/a", one.replace('"external_id": "a", ', "").encode())
    bulk = Caller(Scope.WRITE).send("POST", "collections/shop/items/bulk", f"[{one}]".encode())
    lines = Caller(Scope.WRITE).send("POST", "collections/shop/items/bulk", one.encode(), "application/x-ndjson")
    assert put.status == 422 and "price" in json.dumps(put.json)
    for answer in (bulk, lines):
        assert answer.status == 200 and "price" in json.dumps(answer.json["results"][0]["error"])
    assert not Item.objects.exists()


@pytest.mark.parametrize("number", KEPT)
def test_any_other_number_comes_back_as_it_was_sent(number: str) -> None:
    shop_of()
    body = f'{{"title": "Tent", "attributes": {{"price": {number}}}}}'
    assert Caller(Scope.WRITE).send("PUT", "collections/shop/items/a", body.encode()).status in (200, 201)
    shown = Caller().get("collections/shop/items/a").json["attributes"]["price"]
    assert Decimal(json.dumps(shown)) == Decimal(number)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_json(number: str) -> None:
    shop_of()
    body = f'{{"title": "Tent", "attributes": {{"price": {number}}}}}'.encode()
    assert Caller(Scope.WRITE).send("PUT", "collections/shop/items/a", body).status == 422


def test_a_line_of_a_file_with_such_a_number_is_reported_and_the_others_land(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    lines = [
        f'{{"external_id": "i{n}", "title": "Tent", "attributes": {{"price": {number}}}}}'
        for n, number in enumerate(["1e20", "5"])
    ]
    file.write_text("\n".join(lines))
    shop = make_collection("shop")
    report = import_file(path=file, collection=shop, run=Run.objects.create(kind=RunKind.IMPORT, collection=shop))
    assert (report.landed, report.bad) == (1, 1) and "price" in report.problems[0].reason


@pytest.mark.parametrize("number", ["1e20", "1" * 5_000, "1e400"])
def test_the_admins_json_box_names_it_and_shows_again_what_was_typed(number: str) -> None:
    field = PrettyJSONField()
    typed = f'{{"price": {number}}}'
    if number == "1e20":
        assert field.to_python(typed) == {"price": 1e20}  # the item's own check refuses it, by its size
    else:
        with pytest.raises(ValidationError, match="price"):
            field.to_python(typed)
    assert field.prepare_value(field.bound_data(typed, {})) == typed


@pytest.mark.parametrize("stored", ["100000000000000000000", "1" + "0" * 400, "1" + "0" * 5_000])
def test_what_is_stored_already_can_be_read_everywhere(stored: str, client: Client) -> None:
    shop = shop_of({"external_id": "a", "title": "Dome tent"}, {"external_id": "b", "title": "Dome tents"})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_item SET attributes = %s::jsonb", [f'{{"price": {stored}, "brand": "Tarn"}}'])
    shop.attribute_schema = {"price": {"type": "number"}, "brand": {"facet": True}}
    shop.save()
    make_searchable(shop)
    caller = Caller(Scope.CURATE)
    for path in ("items", "items/a", "items/a/related", "search?q=dome+tent&facets=brand", "duplicates"):
        assert caller.get(f"collections/shop/{path}").status == 200, path
    assert caller.post("collections/shop/recommend", {"positive": ["a"]}).status == 200
    assert caller.post("collections/shop/duplicates/check", {"title": "Dome tent"}).status == 200
    for address in ("/c/shop/?q=dome+tent", "/c/shop/items/a"):
        assert client.get(address, follow=True).status_code == 200, address


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
        max_leaves=20,
    )
)
def test_what_is_written_is_what_is_read(value: Any) -> None:
    text = json.dumps(value)
    assert read_json(text) == value == json.loads(write_json(value))


@pytest.mark.parametrize("text", ['{"a": "\\ud800", "n": 1e400}', "[" * 3_000 + "1e400" + "]" * 3_000, "{1e400", "NaN"])
def test_what_is_wrong_otherwise_is_no_json(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        read_json(text)
