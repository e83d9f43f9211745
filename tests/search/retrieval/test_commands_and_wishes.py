"""Quotes and dashes: commands in a short query, signs in a running text, and never a reason for an empty page."""

from __future__ import annotations

from collections import Counter

import pytest

from catalog.models import Collection
from search.retrieval.types import MODES, Filter, Mode
from tests.api_caller import Caller
from tests.factories import all_pages, find, ids, shop_of

pytestmark = pytest.mark.django_db

every_mode = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
def shop() -> Collection:
    pans = [
        {"external_id": f"pan{n}", "title": f"Pan {n}", "body": "Made of cast iron.", "attributes": {"price": n}}
        for n in range(12)
    ]
    others = [
        {"external_id": f"pot{n}", "title": f"Pot {n}", "body": "Iron that was cast.", "attributes": {"brand": "Glut"}}
        for n in range(6)
    ]
    rare = {
        "external_id": "rare",
        "title": "Lamp",
        "body": "It has a red night mode for maps.",
        "attributes": {"brand": "Sol"},
    }
    near = {"external_id": "near", "title": "Lamp for reading maps at night", "body": "A lamp, red, for maps at night."}
    return shop_of(*pans, *others, rare, near)


@every_mode
def test_a_phrase_that_fills_a_page_has_to_be_in_every_hit(shop: Collection, mode: Mode) -> None:
    result = find(shop, '"cast iron"', mode=mode)
    assert result.total == 12 and all(name.startswith("pan") for name in ids(result))
    assert result.relaxed == ""


@every_mode
def test_where_few_have_the_phrase_they_come_first_and_the_others_follow(shop: Collection, mode: Mode) -> None:
    result = find(shop, '"red night mode"', mode=mode)
    assert ids(result)[0] == "rare" and "near" in ids(result)
    assert result.relaxed == '"red night mode"'
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


def test_the_pages_of_a_relaxed_answer_have_each_hit_once(shop: Collection) -> None:
    found = all_pages(shop, '"red night mode" lamp', limit=3)
    assert found[0] == "rare" and len(found) == len(set(found)) == shop.items.count()


@every_mode
def test_a_phrase_that_nothing_has_leaves_no_empty_page(shop: Collection, mode: Mode) -> None:
    result = find(shop, '"iron cast lamp"', mode=mode)
    assert result.hits and result.relaxed == '"iron cast lamp"'


def test_an_exclusion_that_leaves_nothing_is_given_up_and_one_that_leaves_something_is_not(shop: Collection) -> None:
    brand = (Filter("brand", terms=("Glut",)),)
    result = find(shop, "pot -iron", filters=brand)
    assert result.total == 6 and result.relaxed == "-iron"
    result = find(shop, "cast iron -pan", filters=())
    assert not any(name.startswith("pan") for name in ids(result)) and result.relaxed == ""


def test_facets_count_what_a_relaxed_answer_counts(shop: Collection) -> None:
    result = find(shop, '"red night mode" pot', facets=("brand",))
    counted = all_pages(shop, '"red night mode" pot', limit=10)[: result.total]
    brands = shop.items.filter(external_id__in=counted, attributes__has_key="brand").values_list("attributes__brand")
    assert {value.value: value.count for value in result.facets["brand"]} == Counter(brand for (brand,) in brands)
    assert result.relaxed and brands


@every_mode
def test_in_a_running_text_a_phrase_is_a_wish(shop: Collection, mode: Mode) -> None:
    result = find(shop, 'I am looking for a lamp with "red night mode" for reading maps at night', mode=mode)
    assert ids(result)[0] == "rare" and "near" in ids(result)
    assert result.relaxed == ""


def test_a_pasted_paragraph_with_quotes_nobody_has_finds_what_it_is_about(shop: Collection) -> None:
    text = (
        'He said "bring a lamp or two" and then, as it was late, "some maps" too, - though not -maps of the "moon" - '
        "so that we could go on reading them at night."
    )
    assert ids(find(shop, text))[0] == "near"


def test_program_and_person_are_told(shop: Collection) -> None:
    path = "collections/shop/search"
    assert Caller().get(path, q='"red night mode"').json["relaxed"] is True
    assert Caller().get(path, q='"cast iron"').json["relaxed"] is False
    page = Caller().client.get("/c/shop/", {"q": '"red night mode"'}).content.decode()
    assert "Few results with &quot;red night mode&quot;; these are without it." in page
