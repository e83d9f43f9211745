"""The Insight page: open where the collection is, and counting only what a stranger may see."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import Collection, Item, Run
from search.insight.topics.computing import compute_topics
from search.insight.topics.merging import merge_topics
from search.models import ItemTopic, Suggestion, Topic
from search.models.insight import SuggestionKind, TopicLevel
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db

WORDS = ("tent porch pegs campsite", "pan frying steak handle", "lamp candle lantern wick")


@pytest.fixture
def shop() -> Collection:
    collection = make_collection()
    add_items(collection, *({"title": f"{words} {n}", "body": words} for words in WORDS for n in range(20)))
    make_searchable(collection)
    compute_topics(collection, coarse_number=3)
    return collection


@pytest.fixture
def curator() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ada", password="ada", is_staff=True, is_superuser=True))
    return client


def test_a_stranger_sees_topics_but_not_what_waits_for_review(shop: Collection, client: Client) -> None:
    Suggestion.objects.create(collection=shop, item=shop.items.all()[0], kind=SuggestionKind.OUTLIER, score=5)
    page = client.get("/c/shop/insight").content.decode()
    assert page.count("<h1>") == 1 and "20 items" in page
    assert "To review" not in page and "Compute anew" not in page
    assert client.post("/c/shop/insight/compute")["Location"].startswith("/sign-in?next=")
    assert not Run.objects.exists()


def test_hidden_items_are_neither_counted_nor_named(shop: Collection, client: Client) -> None:
    hidden = shop.items.order_by("id")[0]
    topic = ItemTopic.objects.get(item=hidden).topic
    Item.objects.filter(pk=hidden.pk).update(status="draft", title="Secret prototype")
    assert "19 items" in client.get("/c/shop/insight").content.decode()
    shown = client.get(f"/c/shop/topics/{topic.parent_id}").content.decode()
    assert "19 items" in shown and "Secret prototype" not in shown


def test_private_collections_and_topics_of_others_are_missing(shop: Collection, client: Client) -> None:
    topic = Topic.objects.filter(collection=shop)[0]
    make_collection("other")
    assert client.get(f"/c/other/topics/{topic.pk}").status_code == 404
    Collection.objects.filter(pk=shop.pk).update(visibility="private")
    for path in ("/c/shop/insight", f"/c/shop/topics/{topic.pk}"):
        assert client.get(path).status_code == 404


def test_a_curator_sees_the_queues_and_computes_anew(shop: Collection, curator: Client) -> None:
    Suggestion.objects.create(collection=shop, item=shop.items.all()[0], kind=SuggestionKind.OUTLIER, score=5)
    page = curator.get("/c/shop/insight").content.decode()
    assert "To review" in page and "far from everything" in page
    curator.post("/c/shop/insight/compute")
    assert set(Run.objects.values_list("kind", flat=True)) == {"topics", "tags", "misfiled", "map"}


def test_the_item_page_names_the_topic(shop: Collection, client: Client) -> None:
    item = shop.items.order_by("id")[0]
    topic = ItemTopic.objects.get(item=item).topic
    assert f"/c/shop/topics/{topic.pk}" in client.get(f"/c/shop/items/{item.external_id}").content.decode()


def test_merged_topics_lead_to_the_one_that_stays(shop: Collection, client: Client) -> None:
    fine = list(Topic.objects.filter(level=TopicLevel.FINE)[:2])
    kept = merge_topics(fine)
    assert kept is not None
    gone = next(topic for topic in fine if topic != kept)
    assert not ItemTopic.objects.filter(topic=gone).exists()
    assert client.get(f"/c/shop/topics/{gone.pk}")["Location"] == f"/c/shop/topics/{kept.pk}"
    compute_topics(shop, learnt_from=60)
    assert not ItemTopic.objects.filter(topic=gone).exists()


def test_an_empty_collection_says_so(client: Client) -> None:
    make_collection()
    assert "There are no topics yet" in client.get("/c/shop/insight").content.decode()


def test_the_queue_in_the_admin_accepts_and_refuses(shop: Collection, curator: Client) -> None:
    item = shop.items.order_by("id")[0]
    suggestion = Suggestion.objects.create(
        collection=shop, item=item, kind=SuggestionKind.TAG, attribute="brand", proposed="Norrdal", score=0.9
    )
    assert "brand: Norrdal?" in curator.get("/admin/search/suggestion/").content.decode()
    curator.post("/admin/search/suggestion/", {"action": "accept", "_selected_action": [suggestion.pk]})
    item.refresh_from_db()
    assert item.attributes["brand"] == "Norrdal"
    assert "brand: Norrdal?" not in curator.get("/admin/search/suggestion/").content.decode()


def test_topics_are_listed_and_named_in_the_admin(shop: Collection, curator: Client) -> None:
    assert curator.get("/admin/search/topic/").status_code == 200
    topic = Topic.objects.filter(level=TopicLevel.COARSE)[0]
    answer = curator.post(f"/admin/search/topic/{topic.pk}/change/", {"given_name": "Shelter"})
    topic.refresh_from_db()
    assert answer.status_code == 302 and str(topic) == "Shelter"
