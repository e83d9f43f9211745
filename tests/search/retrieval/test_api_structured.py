"""Searching by a JSON body: typed filters that nest, other orders, and nothing that is silently ignored."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Collection
from tests.api_caller import Answer, Caller
from tests.factories import shop_of

pytestmark = pytest.mark.django_db
SEARCH = "collections/shop/search"

LAMPS: list[dict[str, Any]] = [
    {"external_id": "a", "attributes": {"brand": "Norr", "price": 10, "colours": ["red", "blue"], "sku": "L-1"}},
    {"external_id": "b", "attributes": {"brand": "Norrdal", "price": 25.5, "colours": ["red"], "sku": "L-2"}},
    {"external_id": "c", "attributes": {"brand": "Tarn", "price": 100, "released": "2026-03-31T10:00:00"}},
    {"external_id": "d", "attributes": {"brand": "Tarn", "released": "2026-04-02", "colours": "blue"}},
]


@pytest.fixture
def shop() -> Collection:
    return shop_of(*({"title": "Reading lamp", "body": f"A lamp called {one['external_id']}.", **one} for one in LAMPS))


def ask(**body: Any) -> Answer:
    return Caller().post(SEARCH, body)


def found(answer: Answer) -> str:
    assert answer.status == 200, answer.json
    return "".join(hit["external_id"] for hit in answer.json["hits"])


def where(attribute: str, **conditions: Any) -> dict[str, Any]:
    return {"attribute": attribute, **{name.rstrip("_"): value for name, value in conditions.items()}}


CASES: list[tuple[dict[str, Any], str]] = [
    (where("brand", equals="Tarn"), "cd"),
    (where("brand", in_=["Norr", "Norrdal"]), "ab"),
    (where("brand", prefix="Norr"), "ab"),
    (where("brand", prefix="norr"), ""),
    (where("price", equals=25.5), "b"),
    (where("price", equals=10), "a"),
    (where("price", gt=10), "bc"),
    (where("price", gte=10, lt=100), "ab"),
    (where("price", lte=25.5), "ab"),
    (where("price", exists=False), "d"),
    (where("colours", has_any=["blue"]), "ad"),
    (where("colours", has_all=["red", "blue"]), "a"),
    (where("released", equals="2026-03-31"), "c"),
    (where("released", gt="2026-03-31"), "d"),
    (where("released", lte="2026-03-31"), "c"),
    (where("released", lt="2026-03-31"), ""),
    ({"not": [where("brand", equals="Tarn"), where("price", lt=20)]}, "b"),
    ({"any": [where("price", gt=50), where("colours", equals="blue")]}, "acd"),
    ({"all": [where("brand", prefix="N"), {"not": [where("colours", has_any=["blue"])]}]}, "b"),
    ({"not": [{"not": [{"any": [where("price", gt=50), where("price", lt=20)]}]}]}, "ac"),
    ({"not": [where("price", gt=0)]}, "d"),
]


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "lexical"])
def test_filters_hold_in_each_leg_with_totals_and_facets(shop: Collection, mode: str) -> None:
    for condition, expected in CASES:
        answer = ask(q="reading lamp", mode=mode, filters=condition, facets=["brand"])
        assert "".join(sorted(found(answer))) == expected, condition
        assert answer.json["total"] == len(expected)


def test_filters_hold_without_a_query(shop: Collection) -> None:
    for condition, expected in CASES:
        answer = ask(filters=condition)
        assert "".join(sorted(found(answer))) == expected, condition
        assert answer.json["total"] == len(expected)


def test_facets_are_counted_as_by_get(shop: Collection) -> None:
    same = Caller().get(f"{SEARCH}?q=lamp&filter.brand=Tarn&filter.price.gte=5&facets=brand,price")
    asked = {"all": [where("brand", in_=["Tarn"]), where("price", gte=5)]}
    answer = ask(q="lamp", filters=asked, facets=["brand", "price"])
    assert answer.json["facets"] == same.json["facets"]
    assert {"value": "Tarn", "count": 1, "is_selected": True} in answer.json["facets"]["brand"]
    counted = ask(q="lamp", filters={"not": [where("brand", equals="Tarn")]}, facets=["brand"]).json["facets"]["brand"]
    assert [one["value"] for one in counted] == ["Norr", "Norrdal"]


def test_the_body_asks_what_the_parameters_ask(shop: Collection) -> None:
    get = Caller().get(SEARCH, q="lamp", limit=2, mode="lexical", explain="true", sort="price:desc")
    post = ask(q="lamp", limit=2, mode="lexical", explain=True, sort="price:desc")
    assert {**get.json, "took_ms": 0} == {**post.json, "took_ms": 0}


@pytest.mark.parametrize("q", ["", "reading lamp"])
def test_orders_and_their_pages(shop: Collection, q: str) -> None:
    assert found(ask(q=q, sort="price:asc")) == "abcd"
    assert found(ask(q=q, sort="price:desc")) == "cbad"
    assert found(ask(q=q, sort="released:desc"))[:2] == "dc"
    assert found(ask(q=q, sort="newest")) == "dcba"
    first = ask(q=q, sort="price:asc", limit=3)
    rest = ask(q=q, sort="price:asc", limit=3, cursor=first.json["next_cursor"])
    assert (found(first), found(rest), rest.json["next_cursor"]) == ("abc", "d", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filters": where("price", equals="10")}, "filters.price"),
        ({"filters": {"all": [where("brand", equals="x"), where("price", gt="1")]}}, "filters.all.1.gt"),
        ({"filters": where("price", equals=True)}, "filters.equals"),
        ({"filters": where("brand", equals=3)}, "filters.equals"),
        ({"filters": where("brand", in_=["x", 3])}, "filters.in"),
        ({"filters": where("brand", gt="a")}, "filters.gt"),
        ({"filters": where("released", gte=2026)}, "filters.gte"),
        ({"filters": where("released", equals="31.3.2026")}, "filters.equals"),
        ({"filters": where("price", prefix="1")}, "filters.prefix"),
        ({"filters": where("colour", equals="red")}, "filters.attribute"),
        ({"filters": where("brand")}, "filters"),
        ({"filters": {}}, "filters"),
        ({"filters": {"all": [], "any": []}}, "filters.all"),
        ({"filters": {"all": [where("brand", exists=True)], "any": [where("brand", exists=True)]}}, "filters"),
        ({"filters": where("brand", like="x")}, "filters.like"),
        ({"filters": where("brand", exists="true")}, "filters.exists"),
        ({"filters": {"brand": "x"}}, "filters.brand"),
        ({"filter": {}}, "filter"),
        ({"limit": "5"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 5.0}, "limit"),
        ({"explain": 1}, "explain"),
        ({"sort": "colours:asc"}, "sort"),
        ({"sort": "price"}, "sort"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"facets": ["colour"]}, "facets"),
        ({"q": "a\x00b"}, "q"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(shop: Collection, body: dict[str, Any], field: str) -> None:
    answer = ask(**body)
    assert (answer.status, answer.code) == (422, "invalid")
    named = answer.json["error"]["details"][0]["field"]
    assert named == field or named.startswith((f"{field}.", "filters.equals"))


def test_depth_and_size_are_bounded(shop: Collection) -> None:
    deep: dict[str, Any] = where("price", gt=1)
    for _ in range(4):
        deep = {"not": [deep]}
    assert ask(filters=deep).status == 200
    assert "deeper" in ask(filters={"not": [{"not": [deep]}]}).json["error"]["message"]
    for levels in (200, 900, 5_000):
        body = b'{"filters": ' + b'{"not": [' * levels + b"]}" * levels + b"}"
        assert Caller().send("POST", SEARCH, body).code == "invalid"
    wide = [{"any": [where("brand", equals=f"b{n}") for n in range(50)]} for _ in range(3)]
    assert "conditions" in ask(filters={"all": wide}).json["error"]["message"]
    many = [where("brand", in_=[f"b{n}" for n in range(50)]) for _ in range(5)]
    assert "values" in ask(filters={"all": many}).json["error"]["message"]


def test_values_and_names_are_never_sql(shop: Collection) -> None:
    for text in ("'; DROP TABLE catalog_item; --", "%(ids)s", "{visible}", "100%", "\\"):
        assert found(ask(q="lamp", filters=where("brand", equals=text))) == ""
        assert found(ask(q="lamp", filters=where("brand", prefix=text))) == ""
    for number in (1e308, -1e308, 10**18):
        assert ask(filters=where("price", gt=number)).status == 200


def test_a_long_query_in_another_script_fits_a_body(shop: Collection) -> None:
    assert ask(q="лампа " * 1_330).status == 200
    assert (ask(q="лампа " * 1_400).status, ask(q="лампа " * 1_400).code) == (413, "query_too_long")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{SEARCH}?qq=lamp", "qq"),
        (f"{SEARCH}?q=lamp&filters.brand=x", "filters.brand"),
        ("collections?limits=3", "limits"),
        ("collections/shop?x=1", "x"),
        ("collections/shop/items?state=draft", "state"),
        ("collections/shop/items/a?embedding=1", "embedding"),
        ("collections/shop/items/a/related?q=1", "q"),
        ("collections/shop/duplicates?status=x", "status"),
        ("collections/shop/status?verbose=1", "verbose"),
    ],
)
def test_reading_refuses_unknown_parameters_by_name(shop: Collection, path: str, name: str) -> None:
    answer = Caller().get(path)
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.json["error"]["details"][0]["field"] == name


def test_a_body_and_parameters_at_once_are_refused(shop: Collection) -> None:
    answer = Caller().post(f"{SEARCH}?q=tent", {"q": "lamp"})
    assert answer.json["error"]["details"][0]["field"] == "q"
