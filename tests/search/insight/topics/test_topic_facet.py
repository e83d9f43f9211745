"""Topics as a filter of the search: ticked on the page, named in the address, counted like any facet."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import Collection, Item
from search.insight.topics.computing import compute_topics
from search.insight.topics.merging import merge_topics
from search.models import ItemTopic, Topic
from search.models.insight import TopicLevel
from search.retrieval import remembered
from search.retrieval.types import TOPIC, Filter, SearchRequest, SearchResult
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db

WORDS = ("tent porch pegs campsite", "pan frying steak handle", "lamp candle lantern wick")
API = "/api/v1/collections/shop"


@pytest.fixture
def shop() -> Collection:
    collection = make_collection()
    add_items(collection, *({"title": f"{words} {n}", "body": words} for words in WORDS for n in range(20)))
    make_searchable(collection)
    compute_topics(collection, coarse_number=3)
    return collection


def coarse_of(collection: Collection, number: int) -> Topic:
    topic = ItemTopic.objects.get(item=collection.items.order_by("id")[number]).topic.parent
    assert topic is not None
    return topic


def answer(collection: Collection, query_text: str = "", *topics: int) -> SearchResult:
    filters = (Filter(TOPIC, terms=tuple(map(str, topics))),) if topics else ()
    return remembered.answer(SearchRequest(collection, query_text, limit=100, filters=filters, facets=(TOPIC,)))


def test_a_topic_narrows_the_search_and_its_count_is_the_total_it_leads_to(shop: Collection) -> None:
    for query_text in ("", "lamp"):
        counted = {value.value: value.count for value in answer(shop, query_text).facets[TOPIC]}
        for topic, count in counted.items():
            assert answer(shop, query_text, int(topic)).total == count
    lamps = coarse_of(shop, 45)
    assert {hit.title.split()[0] for hit in answer(shop, "", lamps.pk).hits} == {"lamp"}


def test_the_other_topics_are_still_counted_when_one_is_chosen(shop: Collection) -> None:
    tents, pans = coarse_of(shop, 0), coarse_of(shop, 25)
    values = {value.value: value for value in answer(shop, "", tents.pk).facets[TOPIC]}
    assert values[str(tents.pk)].is_selected and values[str(pans.pk)].count == 20
    assert answer(shop, "", tents.pk, pans.pk).total == 40


def test_a_fine_topic_narrows_the_coarse_one_that_is_chosen_beside_it(shop: Collection) -> None:
    tents = coarse_of(shop, 0)
    own = ItemTopic.objects.filter(topic__parent=tents).order_by("item").values_list("item", flat=True)
    fine = Topic.objects.create(
        collection=shop,
        space=tents.space,
        level=TopicLevel.FINE,
        parent=tents,
        name="Pegs",
        centroid=tents.centroid,
        computed_at=tents.computed_at,
    )
    ItemTopic.objects.filter(item__in=list(own[:5])).update(topic=fine)
    assert answer(shop, "", tents.pk).total == 20
    assert answer(shop, "", tents.pk, fine.pk).total == 5


def test_a_remembered_answer_follows_topics_that_change(shop: Collection) -> None:
    tents, pans = coarse_of(shop, 0), coarse_of(shop, 25)
    before = answer(shop, "tent", tents.pk)
    Topic.objects.filter(pk=tents.pk).update(given_name="Shelter")
    renamed = answer(shop, "tent", tents.pk)
    assert "Shelter" in [value.label for value in renamed.facets[TOPIC]] and renamed.total == before.total
    moved = ItemTopic.objects.get(item=shop.items.order_by("id")[0])
    ItemTopic.objects.filter(pk=moved.pk).update(topic=pans.children.all()[0])
    assert answer(shop, "tent", tents.pk).total == before.total - 1
    Topic.objects.filter(collection=shop).delete()
    assert answer(shop, "tent", tents.pk).total == 0


def test_hidden_items_are_not_counted(shop: Collection) -> None:
    Item.objects.filter(pk=shop.items.order_by("id")[0].pk).update(status="draft")
    values = {value.value: value.count for value in answer(shop).facets[TOPIC]}
    assert values[str(coarse_of(shop, 1).pk)] == 19


def test_the_page_offers_topics_to_tick_and_takes_a_chosen_one_back(shop: Collection, client: Client) -> None:
    tents = coarse_of(shop, 0)
    page = client.get("/c/shop/").content.decode()
    assert f'name="topic" value="{tents.pk}"' in page and "<legend>Topic</legend>" in page
    chosen = client.get("/c/shop/", {"topic": str(tents.pk), "q": "tent"}).content.decode()
    assert f"Topic: {tents}" in chosen and '<a class="clear" href="/c/shop/?q=tent"' in chosen
    assert f'name="topic" value="{tents.pk}" checked' in chosen


def test_an_unknown_topic_is_left_out_on_the_page_and_refused_by_the_api(shop: Collection, client: Client) -> None:
    other = make_collection("other")
    add_items(other, {"title": "Kayak"})
    foreign = Topic.objects.filter(collection=shop)[0]
    page = client.get(f"/c/{other.slug}/", {"topic": foreign.pk})
    assert page.status_code == 422 and "It was left out" in page.content.decode()
    for wrong in ("0", "x", "9" * 30):
        refused = client.get(f"{API}/search", {"topic": wrong})
        assert refused.status_code == 422 and refused.json()["error"]["details"][0]["field"] == "topic"
    assert client.post(f"{API}/search", {"topic": [2**70]}, "application/json").status_code == 422


def test_a_merged_topic_leads_to_the_one_that_stays(shop: Collection, client: Client) -> None:
    fine = list(Topic.objects.filter(level=TopicLevel.FINE)[:2])
    kept = merge_topics(fine)
    assert kept is not None
    gone = next(topic for topic in fine if topic != kept)
    totals = [client.get(f"{API}/search", {"topic": topic.pk}).json()["total"] for topic in (kept, gone)]
    assert totals[0] == totals[1] > 0


def test_the_api_counts_topics_and_lists_them(shop: Collection, client: Client) -> None:
    tents = coarse_of(shop, 0)
    plain = client.get(f"{API}/search", {"q": "tent"}).json()
    assert plain["topics"] == [] and ".topic" not in plain["facets"]
    text = f"{WORDS[0]} {WORDS[1]}"
    by_get = client.get(
        f"{API}/search", {"topic": str(tents.pk), "count_topics": "true", "explain": "1", "q": text}
    ).json()
    by_post = client.post(
        f"{API}/search",
        {"topic": [tents.pk], "count_topics": True, "explain": True, "q": text},
        "application/json",
    ).json()
    assert by_get["topics"] == by_post["topics"] and by_get["hits"][0]["explanation"]["filters"] == ["topic"]
    assert {(one["id"], one["is_selected"]) for one in by_get["topics"] if one["parent"] is None} > {(tents.pk, True)}
    listed = client.get(f"{API}/topics").json()
    assert [one["items"] for one in listed["topics"]] == [20, 20, 20] and listed["computed_at"]
    assert sum(fine["items"] for one in listed["topics"] for fine in one["topics"]) == 60


def test_topics_of_private_collections_are_missing(shop: Collection, client: Client) -> None:
    Collection.objects.filter(pk=shop.pk).update(visibility="private")
    assert client.get(f"{API}/topics").status_code == 404


def test_the_start_page_says_what_is_in_here(shop: Collection, client: Client) -> None:
    page = client.get("/").content.decode()
    assert "What is in here" in page and f"/c/shop/?topic={coarse_of(shop, 0).pk}" in page
