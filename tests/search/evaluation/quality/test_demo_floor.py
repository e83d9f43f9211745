"""The demo shop with the real model: how good search is there may not fall below what was reached."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from catalog import demo
from catalog.models import Collection
from search.evaluation.datasets import load_search_dataset
from search.evaluation.quality.search_quality import evaluate_mode
from search.retrieval.types import Filter, SearchResult, Snippet, Sort
from search.retrieval.upkeep import null_distributions
from tests.factories import add_items, find, ids, make_collection, make_searchable, use_real_model

pytestmark = [pytest.mark.model, pytest.mark.django_db]

# Hybrid nDCG@10 as measured, less 0.02. Raise it when search gets better; lower it only with the reason in the commit.
FLOOR = 0.54


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Collection]:
    """The demo catalog, embedded once for this module in a transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        use_real_model()
        collection = make_collection(demo.SLUG, attribute_schema=demo.ATTRIBUTE_SCHEMA)
        items = load_search_dataset(demo.FOLDER).items
        add_items(collection, *(item.model_dump() for item in items))
        make_searchable(collection)
        null_distributions.calibrate(collection)
        yield collection
        transaction.set_rollback(True)


def test_search_in_the_demo_shop_is_as_good_as_it_was(shop: Collection) -> None:
    queries = [
        one for one in load_search_dataset(demo.FOLDER).queries if any(grade > 0 for grade in one.grades.values())
    ]
    assert len(queries) >= 60
    assert evaluate_mode(shop, queries, "hybrid").ndcg_at_10 >= FLOOR


@pytest.mark.parametrize("query_text", ["asdf qwer", "xyzzy plugh", "qwertz 0815 foo", "lorem ipsum dolor"])
def test_nonsense_has_nothing_relevant(shop: Collection, query_text: str) -> None:
    result = find(shop, query_text)
    assert result.is_nothing_relevant or not result.hits
    assert not {hit.band for hit in result.hits} & {"strong", "exact"}


@pytest.mark.parametrize(
    "query_text", ["stay dry on a rainy hike", "keep soup hot until lunch", "cut bread without crushing it"]
)
def test_a_need_in_other_words_finds_something_relevant(shop: Collection, query_text: str) -> None:
    result = find(shop, query_text)
    assert not result.is_nothing_relevant and result.hits[0].band in ("strong", "good")


def test_a_part_number_finds_its_item_first(shop: Collection) -> None:
    assert ids(find(shop, "nrd tn2 4410"))[0] == "out-0001"
    assert find(shop, "NRD-TN2-4410").hits[0].band == "exact"


TOLD = [
    "warm sleping bag",
    "something to cut wood",
    "red rucksack",
    "waterproof",
    "head lamp under 30 euros",
    "moss green",
]


def told(result: SearchResult) -> dict[str, tuple[Snippet, str]]:
    return {hit.external_id: (hit.snippet, hit.band) for hit in result.hits}


@pytest.mark.parametrize("query_text", TOLD)
def test_an_item_is_told_alike_and_counted_whatever_is_ticked_sorted_and_paged(
    shop: Collection, query_text: str
) -> None:
    names = ("brand", "category", "colours", "price")
    first = find(shop, query_text, limit=50, facets=names)
    known = told(first) | told(find(shop, query_text, limit=50, offset=50))
    ticked = [(Filter(name, terms=(value.value,)), value.count) for name in names for value in first.facets[name][:2]]
    assert len(ticked) >= 6
    for one, count in ticked:
        found = find(shop, query_text, limit=50, filters=(one,), facets=names)
        assert found.total == count == sum(hit.band != "weak" for hit in found.hits), one
        (value,) = (value for value in found.facets[one.attribute] if value.is_selected)
        assert value.count == count
        assert {key: found_so for key, found_so in told(found).items() if known.get(key, found_so) != found_so} == {}
    for sort in (Sort("price"), Sort("price", is_descending=False), Sort()):
        for offset in (0, 7):
            page = told(find(shop, query_text, limit=7, offset=offset, sort=sort))
            assert page.items() <= known.items()
