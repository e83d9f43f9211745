"""Attribute values are searched in both legs, as far as the collection's schema says."""

from __future__ import annotations

import pytest
from django.db import connection

from catalog.models import Item
from search.duplicates.comparing.incremental import check_items
from search.embedding.queue import pipeline, sweep
from search.embedding.spaces.lifecycle import active_space
from search.embedding.text import embedded_text
from search.models import ItemEmbedding, Passage
from search.models.embedding import EmbeddingState
from search.retrieval.passages import find_passages
from search.retrieval.types import Filter
from tests.factories import add_items, find, ids, make_collection, make_searchable, shop_of

pytestmark = pytest.mark.django_db

TENTS = (
    {"title": "trekking tent", "body": "a shelter", "attributes": {"colours": ["moss green"], "brand": "Norrdal"}},
    {"title": "family tent", "body": "a large shelter", "attributes": {"colours": ["sand"], "brand": "Haldreth"}},
    {"title": "stove", "body": "boils water", "attributes": {"colours": ["red"], "brand": "Norrdal", "sku": "KTW-1"}},
)


def test_words_of_attributes_find_items() -> None:
    shop = shop_of(*TENTS)
    assert ids(find(shop, "moss green", mode="lexical")) == ["i0"]
    assert set(ids(find(shop, "norrdal", mode="lexical"))) == {"i0", "i2"}


def test_numbers_and_what_the_schema_leaves_out_are_not_searched() -> None:
    schema = {"brand": {"type": "term", "searched": "no"}, "price": {"type": "number"}}
    shop = shop_of({"title": "tent", "attributes": {"brand": "Norrdal", "price": 329}}, attribute_schema=schema)
    assert ids(find(shop, "norrdal", mode="lexical")) == [] == ids(find(shop, "329", mode="lexical"))


def test_a_value_of_high_weight_counts_as_one_in_the_title() -> None:
    schema = {"brand": {"type": "term", "searched": "high"}, "material": {"type": "term", "searched": "low"}}
    shop = shop_of(
        {"title": "alpha", "attributes": {"material": "cotton"}},
        {"title": "beta", "body": "cotton"},
        {"title": "gamma", "attributes": {"brand": "cotton"}},
        {"title": "delta"},
        attribute_schema=schema,
    )
    assert ids(find(shop, "cotton", mode="lexical")) == ["i2", "i1", "i0"]


def test_values_are_embedded_and_a_changed_value_is_embedded_again() -> None:
    shop = make_collection()
    first, second = add_items(
        shop,
        {"title": "tent", "attributes": {"colours": ["green"]}},
        {"title": "tent", "attributes": {"colours": ["red"]}},
    )
    assert pipeline.drain() == 2
    vectors = {p.item_id: p.embedding for p in Passage.objects.filter(ordinal=0)}
    assert vectors[first.pk] != vectors[second.pk]
    Item.objects.filter(pk=first.pk).update(attributes={"colours": ["red"], "price": 3})
    assert pipeline.drain() == 1
    assert Passage.objects.get(item=first, ordinal=0).embedding == vectors[second.pk]


def test_what_is_not_searched_costs_no_new_vector() -> None:
    (item,) = add_items(make_collection(), {"title": "tent", "attributes": {"price": 3}})
    pipeline.drain()
    assert bytes(ItemEmbedding.objects.get(item=item).digest or b"") == bytes(Item.objects.get(pk=item.pk).text_digest)
    Item.objects.update(attributes={"price": 4, "sku": "A-1"})
    assert not ItemEmbedding.objects.filter(state=EmbeddingState.PENDING).exists()
    sweep.sweep()
    assert not ItemEmbedding.objects.filter(state=EmbeddingState.PENDING).exists()


def test_passages_are_spans_of_title_and_body_however_many_values_follow() -> None:
    shop = make_collection()
    body = "A shelter for walkers. " * 150
    (item,) = add_items(shop, {"title": "tent", "body": body, "attributes": {"colours": ["moss green"] * 200}})
    make_searchable(shop)
    text = embedded_text("tent", item.body)
    spans = list(Passage.objects.filter(item=item).values_list("start", "end"))
    assert len(spans) > 2 and all(0 <= start <= end <= len(text) for start, end in spans)
    found = find_passages(collection=shop, query_text="moss green", limit=50)
    assert found and all(passage.text for passage in found)


def test_an_item_compared_for_duplicates_is_done_though_its_values_are_embedded() -> None:
    shop = shop_of(*TENTS)
    check_items(shop, active_space(), list(shop.items.values_list("pk", flat=True)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM search_itemembedding WHERE checked_digest = digest")
        assert cursor.fetchone()[0] == len(TENTS)


def test_what_begins_an_identifier_or_a_segment_of_it_finds_the_item_first() -> None:
    shop = shop_of(
        {"title": "tent", "attributes": {"sku": "NRD-TN2-4410"}},
        {"title": "tent for three", "attributes": {"sku": "NRD-TN3-4411"}},
        {"title": "pegs 4410 of a kind", "attributes": {"sku": "TRN-GAL-0902"}},
    )
    for query_text, first in (
        ("NRD-TN2", "i0"),
        ("nrd tn2", "i0"),
        ("4410", "i0"),
        ("trn gal", "i2"),
        ("TN3-44", "i1"),
    ):
        result = find(shop, query_text)
        assert (query_text, ids(result)[0], result.hits[0].band) == (query_text, first, "strong")
    assert find(shop, "NRD-TN2-4410").hits[0].band == "exact"


def test_a_word_that_items_have_begins_no_identifier() -> None:
    shop = shop_of({"title": "a tent"}, {"title": "lamp", "attributes": {"sku": "TENT-1"}})
    assert ids(find(shop, "tent"))[0] == "i0"


def test_a_beginning_that_many_share_finds_them_but_names_none_where_it_is_a_word() -> None:
    shop = shop_of(
        *({"title": f"lamp {n}", "attributes": {"sku": f"LMP-{n}"}} for n in range(30)),
        *({"title": f"bulb {n}", "attributes": {"sku": f"E27-{n}"}} for n in range(30)),
        {"title": "socket e27 of a kind"},
    )
    result = find(shop, "LMP-", limit=50)
    assert result.total >= 30 and {hit.band for hit in result.hits[:30]} == {"strong"}
    assert all(hit.title.startswith("lamp") for hit in result.hits[:30])
    assert ids(find(shop, "LMP-29"))[0] == "i29"
    named = [hit.explanation.identifier for hit in find(shop, "e27", explain=True).hits if hit.explanation]
    assert named and not any(named)


def test_beginnings_respect_filters_and_visibility() -> None:
    shop = shop_of(
        {"title": "tent", "attributes": {"sku": "NRD-TN2-4410", "brand": "Norrdal"}},
        {"title": "tarp", "attributes": {"sku": "NRD-TN2-4411"}, "status": "draft"},
    )
    assert ids(find(shop, "NRD-TN2")) == ["i0"]
    assert ids(find(shop, "NRD-TN2", filters=(Filter("brand", terms=("Other",)),))) == []
