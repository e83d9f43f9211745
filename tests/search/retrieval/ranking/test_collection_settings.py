"""How a collection is searched is the collection's own affair: fusion, weights, second stage, collapsed duplicates."""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path

import pytest
from django.conf import LazySettings

from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from catalog.services.collections import update_collection
from search.embedding.encoders import cross_encoder
from search.models import DuplicatePair
from search.retrieval.ranking import rerank
from search.retrieval.types import Filter
from tests.factories import all_pages, facet, find, ids, make_searchable, shop_of
from tests.search.embedding.encoders.models_for_tests import save_tiny_cross_encoder

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        {"external_id": "red", "title": "red lamp", "body": "A lamp.", "attributes": {"brand": "Sol"}},
        {"external_id": "old", "title": "red lamp", "body": "A lamp, once more.", "attributes": {"brand": "Sol"}},
        {"external_id": "blue", "title": "blue lamp", "body": "Another lamp.", "attributes": {"brand": "Lux"}},
        {"external_id": "number", "title": "number 1", "body": "A plate.", "attributes": {"brand": "Lux"}},
        attribute_schema={"brand": {"type": "term", "facet": True}},
    )


def search_with(collection: Collection, **settings: object) -> None:
    update_collection(collection=collection, search_settings=settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"fusion": "sum"},
        {"lexical_weight": -1},
        {"lexical_weight": 0, "semantic_weight": 0},
        {"rrf_k": 0},
        {"weights": 1},
    ],
)
def test_wrong_settings_are_refused(shop: Collection, settings: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        search_with(shop, **settings)


def test_reciprocal_ranks_instead_of_scores(shop: Collection) -> None:
    search_with(shop, fusion="rrf", rrf_k=10)
    result = find(shop, "blue lamp")
    assert ids(result)[0] == "blue"
    assert result.hits[0].score == pytest.approx(2 / 11, abs=1e-6)


def test_a_leg_without_weight_does_not_count(shop: Collection) -> None:
    for fusion in ("scores", "rrf"):
        search_with(shop, fusion=fusion, lexical_weight=0)
        without_words = find(shop, "blue lamp", explain=True)
        search_with(shop, fusion=fusion, semantic_weight=0)
        without_meaning = find(shop, "number", explain=True)
        assert ids(without_meaning)[0] == "number"
        assert {hit.external_id: hit.score for hit in without_words.hits} != {
            hit.external_id: hit.score for hit in without_meaning.hits
        }


@pytest.fixture
def second_stage(tmp_path: Path, settings: LazySettings) -> str:
    settings.AKIN_DATA_DIR = tmp_path / "data"
    save_tiny_cross_encoder(tmp_path / "model")
    settings.AKIN_RERANK_MODEL = str(tmp_path / "model")
    return str(tmp_path / "model")


@pytest.mark.slow
def test_the_second_stage_orders_the_first_hits_by_its_own_scores(shop: Collection, second_stage: str) -> None:
    before = find(shop, "lamp red", explain=True)
    assert all(hit.explanation is not None and hit.explanation.second_score is None for hit in before.hits)
    search_with(shop, rerank=True)
    result = find(shop, "lamp red", explain=True)
    scores = [hit.explanation.second_score for hit in result.hits if hit.explanation]
    assert scores == sorted(scores, key=lambda score: -float(score or 0)) and None not in scores
    texts = [f"{hit.title}\n{Item.objects.get(pk=hit.item_id).body}" for hit in result.hits]
    direct = cross_encoder.cross_encoder(second_stage).score("lamp red", texts)
    assert scores == pytest.approx(direct.tolist(), abs=1e-3)
    assert sorted(ids(result)) == sorted(ids(before)) and result.warnings == ()


@pytest.mark.slow
def test_what_there_is_no_time_for_stays_behind_in_its_order(
    shop: Collection, second_stage: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(find(shop, "red lamp"))
    search_with(shop, rerank=True)
    find(shop, "red lamp")  # loads the model
    settings.AKIN_RERANK_MILLISECONDS = 0
    assert ids(find(shop, "red lamp")) == before
    settings.AKIN_RERANK_MILLISECONDS = 60_000
    monkeypatch.setattr(rerank, "BATCH_SIZE", 2)
    ticks = chain([0.0, 0.0], repeat(100.0))
    monkeypatch.setattr(rerank, "now", lambda: next(ticks))
    reranked = find(shop, "red lamp", explain=True)
    read = [hit.explanation is not None and hit.explanation.second_score is not None for hit in reranked.hits]
    assert read == [True, True, False, False]
    assert ids(reranked)[2:] == before[2:]


def test_a_second_stage_that_cannot_be_loaded_is_said_and_costs_the_order_only(
    shop: Collection, settings: LazySettings, tmp_path: Path
) -> None:
    settings.AKIN_DATA_DIR = tmp_path / "data"
    settings.AKIN_RERANK_MODEL = str(tmp_path / "nothing")
    before = ids(find(shop, "red lamp"))
    search_with(shop, rerank=True)
    result = find(shop, "red lamp")
    assert ids(result) == before
    assert "second stage is not available" in result.warnings[0]


def pair_up(collection: Collection, a: str, b: str, *, is_flagged: bool = True, state: str = "suggested") -> None:
    first, second = sorted(Item.objects.filter(collection=collection, external_id__in=[a, b]), key=lambda one: one.pk)
    DuplicatePair.objects.create(
        collection=collection,
        first=first,
        second=second,
        score=0.9,
        is_flagged=is_flagged,
        state=state,
        first_digest=b"",
        second_digest=b"",
    )


def test_duplicates_are_collapsed_into_the_best_of_them(shop: Collection) -> None:
    pair_up(shop, "red", "old")
    search_with(shop, collapse_duplicates=False)
    apart = find(shop, "red lamp", facets=("brand",))
    assert {"red", "old"} < set(ids(apart))
    search_with(shop)
    result = find(shop, "red lamp", facets=("brand",))
    keeper = next(hit for hit in result.hits if hit.duplicates)
    assert {keeper.external_id, keeper.duplicates[0].external_id} == {"red", "old"}
    assert ids(apart).index(keeper.external_id) < ids(apart).index(keeper.duplicates[0].external_id)
    assert result.total == apart.total - 1
    assert facet(result, "brand")["Sol"] == facet(apart, "brand")["Sol"] - 1
    pages = all_pages(shop, "red lamp", limit=1)
    assert len(pages) == len(set(pages)) == shop.items.count() - 1 and keeper.duplicates[0].external_id not in pages


def test_a_facet_leads_to_a_duplicate_that_its_hit_kept_off_the_list(shop: Collection) -> None:
    pair_up(shop, "red", "old")
    Item.objects.filter(external_id="old").update(attributes={"brand": "Own"})
    Item.objects.filter(external_id="red").update(attributes={"brand": "Other"})
    make_searchable(shop)
    result = find(shop, "red lamp", facets=("brand",))
    assert len({"red", "old"} & set(ids(result))) == 1
    for brand in ("Own", "Other"):
        within = find(shop, "red lamp", facets=("brand",), filters=(Filter("brand", terms=(brand,)),))
        assert within.total == facet(result, "brand")[brand] == facet(within, "brand")[brand] > 0


def test_only_what_counts_as_a_duplicate_is_collapsed(shop: Collection) -> None:
    pair_up(shop, "red", "old", is_flagged=False)
    pair_up(shop, "red", "blue", state="dismissed")
    assert {"red", "old", "blue"} <= set(ids(find(shop, "red lamp")))


def test_a_chain_is_not_swallowed_by_its_first_link(shop: Collection) -> None:
    pair_up(shop, "red", "old")
    pair_up(shop, "old", "blue", state="confirmed")
    found = ids(find(shop, "red lamp"))
    assert found[0] == "red" and "old" not in found and "blue" in found
