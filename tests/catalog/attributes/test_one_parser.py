"""API, forms, admin and files read attribute values alike: what one refuses or converts, all of them do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.access import create_key
from catalog.attributes.reading import read_attributes, written
from catalog.attributes.splitting import split_text
from catalog.importing.importing import import_file
from catalog.models import Collection, Item, Run
from catalog.models.api_key import Scope
from catalog.models.run import RunKind
from catalog.schemas import AttributeDefinition
from tests.factories import make_collection
from tests.html_forms import form_data

pytestmark = pytest.mark.django_db
SCHEMA: dict[str, Any] = {
    "price": {"type": "number"},
    "pieces": {"type": "integer"},
    "since": {"type": "date"},
    "sold": {"type": "boolean"},
    "colours": {"list": True, "separator": ";"},
}
Outcome = tuple[Any, str]  # the value that is stored, or what was said


@pytest.fixture
def shop() -> Collection:
    return make_collection(attribute_schema=SCHEMA)


def call(method: str, path: str, body: Any) -> Any:
    _, secret = create_key(name="k", scope=Scope.WRITE, collections=None)
    client: Any = getattr(Client(), method)
    return client(
        f"/api/v1/collections/shop/items{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def browser() -> Client:
    client = Client()
    client.force_login(User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)[0])
    return client


def by_put(name: str, text: str, folder: Path) -> str:
    return str(call("put", "/x", {"title": "X", "attributes": {name: text}}).content.decode())


def by_post(name: str, text: str, folder: Path) -> str:
    return str(call("post", "", {"external_id": "x", "title": "X", "attributes": {name: text}}).content.decode())


def by_patch(name: str, text: str, folder: Path) -> str:
    call("put", "/x", {"title": "X"})
    return str(call("patch", "/x", {"attributes": {name: text}}).content.decode())


def by_bulk(name: str, text: str, folder: Path) -> str:
    item = {"external_id": "x", "title": "X", "attributes": {name: text}}
    return str(call("post", "/bulk", [item]).content.decode())


def by_page(name: str, text: str, folder: Path) -> str:
    data = {"title": "X", "external_id": "x", f"attribute.{name}": text}
    return browser().post("/c/shop/add", data).content.decode()


def by_admin(name: str, text: str, folder: Path) -> str:
    admin, add = browser(), "/admin/catalog/item/add/"
    page = admin.get(add, {"collection": str(Collection.objects.get().pk)}).content.decode()
    data = form_data(page, "item_form") | {"external_id": "x", "title": "X", f"attributes.{name}": text}
    return admin.post(add, data).content.decode()


def by_file(name: str, text: str, folder: Path) -> str:
    path = folder / "rows.csv"
    path.write_text(f'id,title,{name}\nx,X,"{text}"\n')
    collection = Collection.objects.get()
    run = Run.objects.create(kind=RunKind.IMPORT, collection=collection)
    report = import_file(path=path, collection=collection, run=run)
    return "; ".join(f"line {problem.line}: {problem.reason}" for problem in report.problems)


WAYS: list[Callable[[str, str, Path], str]] = [by_put, by_post, by_patch, by_bulk, by_page, by_admin, by_file]


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("price", "79,50", 79.5),
        ("price", "€ 1.079,50", 1079.5),
        ("price", "12", 12),
        ("pieces", "1 000", 1000),
        ("since", "31.03.2026", "2026-03-31"),
        ("since", "2026-3-1", "2026-03-01"),
        ("sold", "ja", True),
        ("colours", "red; blue", ["red", "blue"]),
        ("colours", "red", ["red"]),
    ],
)
def test_what_can_be_read_is_stored_alike(
    shop: Collection, tmp_path: Path, write: Callable[[str, str, Path], str], name: str, text: str, value: Any
) -> None:
    write(name, text, tmp_path)
    assert Item.objects.get().attributes == {name: value}


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("price", "abc", "is not a number"),
        ("pieces", "1.5", "is not a whole number"),
        ("since", "31.02.2026", "is not a date"),
        ("since", "03/04/2026", "may be day/month or month/day"),
        ("sold", "maybe", "is neither true nor false"),
    ],
)
def test_what_cannot_be_read_is_refused_with_field_and_reason(
    shop: Collection, tmp_path: Path, write: Callable[[str, str, Path], str], name: str, text: str, reason: str
) -> None:
    told = write(name, text, tmp_path)
    assert reason in told and name in told.lower()
    assert not Item.objects.filter(attributes__has_key=name).exists()
    if write is by_file:
        assert told.startswith("line 2: ")


@pytest.mark.parametrize(
    ("definition", "value", "text"),
    [
        ({"type": "number", "decimal": ","}, 1734.0, "1734"),
        ({"type": "number", "decimal": ","}, 79.5, "79,5"),
        ({"type": "number"}, 1734.0, "1734"),
        ({"type": "number"}, 79.5, "79.5"),
        ({"type": "number"}, 1e300, "1e+300"),
        ({"type": "term", "list": True, "separator": "|"}, ["red", "blue"], "red | blue"),
        ({"type": "term", "list": True, "separator": ","}, ["red", "blue"], "red, blue"),
        ({"type": "term", "list": True, "separator": ""}, ["red", "blue"], "red; blue"),
    ],
)
def test_a_form_shows_what_is_read_as_the_same_again(definition: dict[str, Any], value: Any, text: str) -> None:
    described = AttributeDefinition(**definition)
    assert written(described, value) == text
    if definition.get("separator") != "":
        assert read_attributes({"x": described}, {"x": text}) == {"x": value}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("red, green,blue", ["red", "green", "blue"]),
        ("nubuck 2,4 mm, rubber", ["nubuck 2,4 mm", "rubber"]),
        ("2,4mm, 3,0mm", ["2,4mm", "3,0mm"]),
        ("width 2,4", ["width 2,4"]),
        ("36,37,38", ["36", "37", "38"]),
        ("S,M,38,40", ["S", "M", "38", "40"]),
        (" , ,", []),
    ],
)
def test_a_decimal_comma_beside_words_separates_nothing(text: str, parts: list[str]) -> None:
    assert split_text(text, ",") == parts
