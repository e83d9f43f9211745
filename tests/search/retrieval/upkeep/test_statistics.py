"""Word statistics, and the calibration of bands that is kept with them."""

from __future__ import annotations

import pytest
from django.db import connection

from catalog.models import Collection, Item
from catalog.services.collections import update_collection
from catalog.services.items import delete_item
from search.embedding.queue import pipeline
from search.models import CollectionStatistic, WordStatistic
from search.retrieval.query.parsing import ParsedQuery
from search.retrieval.query.query_words import query_words
from search.retrieval.upkeep import null_distributions, statistics
from tests.factories import add_items, find, make_collection, make_searchable, use_real_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    shop = make_collection()
    add_items(shop, {"title": "Red tent", "body": "tents"}, {"title": "Stove"}, {"title": "tent", "status": "draft"})
    statistics.refresh(shop.pk)
    return shop


def words(shop: Collection) -> dict[str, int]:
    return dict(WordStatistic.objects.filter(collection=shop).values_list("word", "documents"))


def test_each_word_is_counted_once_an_item_and_only_in_visible_items(shop: Collection) -> None:
    assert words(shop) == {"red": 1, "tent": 1, "stove": 1}
    totals = CollectionStatistic.objects.get(collection=shop)
    assert (totals.documents, totals.average_length) == (2, 1.5)


@pytest.mark.django_db(transaction=True)
def test_words_are_counted_while_an_index_is_being_built(shop: Collection) -> None:
    """Building one waits for whoever waits for its table."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE search_passage IN SHARE UPDATE EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '10s'")
            statistics.refresh(shop.pk)
            cursor.execute("RESET statement_timeout")
    finally:
        other.close()
    assert words(shop) == {"red": 1, "tent": 1, "stove": 1}


def test_collections_are_counted_apart(shop: Collection) -> None:
    other = make_collection("other")
    add_items(other, {"title": "tent"})
    statistics.refresh(other.pk)
    assert words(other) == {"tent": 1} and words(shop)["tent"] == 1


def test_counting_again_replaces_the_old_figures(shop: Collection) -> None:
    add_items(shop, {"title": "tent"})
    Item.objects.filter(title="Stove").update(merged_into=Item.objects.filter(title="Red tent").get())
    statistics.refresh(shop.pk)
    assert words(shop) == {"red": 1, "tent": 2}


def test_only_what_changed_is_refreshed(shop: Collection) -> None:
    assert statistics.refresh_stale() == 0
    add_items(shop, {"title": "lamp"})
    assert statistics.refresh_stale() == 1
    assert words(shop)["lamp"] == 1
    assert statistics.refresh_stale() == 0


def test_a_deletion_makes_the_figures_stale(shop: Collection) -> None:
    delete_item(item=Item.objects.filter(title="Stove").get())
    assert statistics.refresh_stale() == 1 and "stove" not in words(shop)


def test_many_drafts_are_no_reason_to_count_again_and_again(shop: Collection) -> None:
    add_items(shop, *({"title": "plan", "status": "draft"} for _ in range(20)))
    statistics.refresh(shop.pk)
    assert statistics.refresh_stale() == 0


def test_another_language_has_other_words(shop: Collection) -> None:
    update_collection(collection=shop, language="simple")
    assert statistics.refresh_stale() == 1
    assert words(shop) == {"red": 1, "tent": 1, "tents": 1, "stove": 1}


def test_a_few_changes_in_a_large_collection_can_wait() -> None:
    shop = make_collection()
    add_items(shop, *({"title": f"tent {n}"} for n in range(200)))
    statistics.refresh(shop.pk)
    add_items(shop, {"title": "one more"})
    assert statistics.refresh_stale() == 0


def test_the_planner_knows_of_an_import_as_soon_as_its_words_are_counted() -> None:
    shop = make_collection()
    add_items(shop, *({"title": f"tent {n}"} for n in range(300)))
    statistics.refresh(shop.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'catalog_item'")
        assert cursor.fetchone() == (300,)


def test_an_empty_collection_is_never_due() -> None:
    make_collection()
    assert statistics.refresh_stale() == 0


def test_very_long_words_are_not_kept_but_found_all_the_same() -> None:
    shop = make_collection()
    add_items(shop, {"title": "x" * 300}, {"title": "tent"})
    make_searchable(shop)
    assert set(words(shop)) == {"tent"}
    assert [hit.external_id for hit in find(shop, "x" * 300, mode="lexical").hits] == ["i0"]


def test_a_query_knows_how_often_its_words_are_asked_for_and_occur(shop: Collection) -> None:
    found = query_words(shop, ParsedQuery("tent tents TN-99 unknown"))
    assert {(word.lexeme, word.query_frequency, word.documents) for word in found.words} >= {
        ("tent", 2, 1),
        ("unknown", 1, 0),
    }
    assert found.documents == 2 and found.identifiers == ()
    assert all(found.idf(word) > 0 for word in found.words)
    add_items(shop, {"title": "stove", "attributes": {"sku": "tn 99"}})
    assert "tn99" in query_words(shop, ParsedQuery("tent TN-99")).identifiers


# Calibration


def filled(count: int) -> Collection:
    shop = make_collection("filled")
    add_items(shop, *({"title": f"thing number{n} of kind{n % 7} and sort{n % 11}"} for n in range(count)))
    make_searchable(shop)
    return shop


def test_a_small_collection_is_not_calibrated() -> None:
    shop = filled(null_distributions.MIN_ITEMS - 1)
    assert null_distributions.calibrate(shop) == [] and null_distributions.calibrate_missing() == 0


def test_calibration_stores_rising_quantiles_of_unrelated_similarity() -> None:
    shop = filled(60)
    quantiles = null_distributions.calibrate(shop)
    assert len(quantiles) == 3 and 0 < quantiles[0] <= quantiles[1] <= quantiles[2] < 1
    totals = CollectionStatistic.objects.get(collection=shop)
    assert totals.null_similarities == pytest.approx(quantiles)
    assert query_words(shop, ParsedQuery("thing")).null_similarities == pytest.approx(tuple(quantiles))


def test_each_collection_is_calibrated_once_and_again_for_another_space() -> None:
    shop = filled(60)
    assert null_distributions.calibrate_missing() == 1
    assert null_distributions.calibrate_missing() == 0
    CollectionStatistic.objects.filter(collection=shop).update(null_space_id=0)
    assert null_distributions.calibrate_missing() == 1


def test_counting_words_anew_keeps_the_calibration() -> None:
    shop = filled(60)
    quantiles = null_distributions.calibrate(shop)
    statistics.refresh(shop.pk)
    assert CollectionStatistic.objects.get(collection=shop).null_similarities == pytest.approx(quantiles)


@pytest.mark.model
def test_with_the_real_model_only_what_has_to_do_with_the_query_is_relevant() -> None:
    use_real_model()
    shop = make_collection()
    add_items(
        shop,
        {"title": "Two-person dome tent", "body": "Keeps two walkers dry in heavy rain."},
        {"title": "Cast iron pan", "body": "Sears a steak over an open fire."},
        {"title": "Children's puzzle", "body": "Sixty pieces with animals of the forest."},
    )
    pipeline.drain()
    statistics.refresh(shop.pk)
    shelter = find(shop, "shelter for camping with a friend")
    assert shelter.hits[0].external_id == "i0" and shelter.hits[0].band in ("good", "strong")
    assert not shelter.is_nothing_relevant
    assert find(shop, "asdf qwer").is_nothing_relevant
