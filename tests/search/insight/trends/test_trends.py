"""What was added and searched: counted without persons, each figure with its list, searches for curators only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisDown

from catalog.models import Collection, Item
from catalog.services.collections import update_collection
from search.insight.trends import searches
from search.insight.trends.values import coverage_of
from search.models import SearchCount, Suggestion
from search.models.insight import SuggestionKind
from tests.admin_people import administrator
from tests.factories import shop_of

pytestmark = pytest.mark.django_db
INSIGHT = "/c/shop/insight"


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        {"title": "Green tent", "attributes": {"brand": "Norrdal", "price": 9}},
        {"title": "Pan", "attributes": {"brand": ""}},
        {"title": "Secret lamp", "status": "draft", "attributes": {"brand": "Halmora"}},
    )


def searched(client: Client, text: str, *, found: bool = True, address: str = "192.0.2.1") -> None:
    answer = client.get(f"{INSIGHT}/searched", {"q": text, "found": str(int(found))}, REMOTE_ADDR=address)
    assert answer.status_code == 204


def counts() -> dict[str, int]:
    return dict(SearchCount.objects.values_list("query_text", "visitors"))


def test_a_visitor_counts_once_a_day_for_the_same_words(shop: Collection, client: Client) -> None:
    for text in ("tent", "  TENT ", "tent"):
        searched(client, text)
    searched(client, "tent", address="192.0.2.2")
    searched(client, "kayak", found=False)
    assert counts() == {"tent": 2, "kayak": 1}


def test_nothing_of_the_visitor_is_stored(shop: Collection, client: Client) -> None:
    searched(client, "tent", address="192.0.2.77")
    row = SearchCount.objects.values().get()
    assert set(row) == {"id", "collection_id", "day", "query_text", "visitors", "is_found"}
    keys: list[Any] = [key for key in cache._cache.get_client().keys("*") if b"192.0.2.77" in key]  # type: ignore[attr-defined]
    assert keys == []


def test_texts_of_somebody_are_not_counted(shop: Collection, client: Client) -> None:
    for text in ("", "   ", "x" * 81, "a\x00b"):
        searches.count(shop, text, visitor="v", is_found=True)
    assert counts() == {}


def test_a_collection_can_say_no_and_keeps_counts_for_so_long(shop: Collection, client: Client) -> None:
    searched(client, "tent")
    old = timezone.localdate() - timedelta(days=31)
    SearchCount.objects.create(collection=shop, day=old, query_text="lamp", is_found=True)
    update_collection(collection=shop, search_settings={"searches_days": 30})
    assert searches.forget_old() == 1 and counts() == {"tent": 1}
    update_collection(collection=shop, search_settings={"count_searches": False})
    searched(client, "pan")
    assert counts() == {"tent": 1}
    assert "not counted here" in administrator().get(INSIGHT).content.decode()
    assert searches.forget_old() == 1 and counts() == {}


def test_a_day_has_room_for_so_many_different_searches(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "MOST_A_DAY", 2)
    for text in ("a", "b", "c", "a"):
        searches.count(shop, text, visitor=f"v{text}", is_found=True)
    searches.count(shop, "a", visitor="another", is_found=True)
    assert counts() == {"a": 2, "b": 1}


def test_without_redis_nothing_is_counted_and_nothing_breaks(
    shop: Collection, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RedisDown("down")

    monkeypatch.setattr("search.insight.trends.searches.cache.get_or_set", fail)
    searched(client, "tent")
    assert counts() == {}


def test_curators_see_what_is_searched_and_found_in_vain_and_strangers_do_not(shop: Collection, client: Client) -> None:
    searched(client, "tent")
    searched(client, "kayak", found=False)
    page = administrator().get(INSIGHT).content.decode()
    assert '<a href="/c/shop/?q=tent">tent</a>' in page and '<a href="/c/shop/?q=kayak">kayak</a>' in page
    assert (
        page.index("Most searched")
        < page.index(">tent<")
        < page.index("Nothing relevant found")
        < page.index(">kayak<")
    )
    assert "kayak" not in client.get(INSIGHT).content.decode()


def test_a_search_that_finds_something_at_last_is_no_longer_in_vain(shop: Collection) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    SearchCount.objects.create(collection=shop, day=yesterday, query_text="kayak", is_found=False, visitors=3)
    assert [one.text for one in searches.in_vain(shop)] == ["kayak"]
    searches.count(shop, "kayak", visitor="v", is_found=True)
    assert searches.in_vain(shop) == [] and searches.frequent(shop) == [searches.Searched("kayak", 4)]


def test_the_page_asks_to_be_counted_with_what_it_shows(shop: Collection, client: Client) -> None:
    page = client.get("/c/shop/", {"q": "tent & <pan>"}).content.decode()
    assert "/c/shop/insight/searched?q=tent%20%26%20%3Cpan%3E&amp;found=" in page
    assert "insight/searched" not in client.get("/c/shop/").content.decode()


def test_each_week_leads_to_its_items_without_hidden_ones(shop: Collection, client: Client) -> None:
    page = client.get(INSIGHT).content.decode()
    today = timezone.now().date()
    monday = today - timedelta(days=today.weekday())
    link = f"{INSIGHT}/added/{monday.year}-{monday.month}-{monday.day}"
    assert f'<a href="{link}">2</a>' in page
    listed = client.get(link).content.decode()
    assert "Green tent" in listed and "2 items" in listed and "Secret" not in listed
    assert "Nothing that is visible" in client.get(f"{INSIGHT}/added/2020-1-6").content.decode()
    assert client.get(f"{INSIGHT}/added/2020-13-6").status_code == 404


def test_values_are_counted_of_visible_items_and_lead_to_them(shop: Collection, client: Client) -> None:
    found = {one.name: (one.given, one.missing) for one in coverage_of(shop)}
    assert found == {"brand": (1, 1), "colours": (0, 2), "price": (1, 1)}
    page = client.get(INSIGHT).content.decode()
    assert '<a href="/c/shop/?filter.brand.exists=true">1 with</a>' in page
    listed = client.get("/api/v1/collections/shop/search", {"filter.brand.exists": "false"}).json()
    assert listed["total"] == 1


def test_the_admin_leads_to_insight(shop: Collection) -> None:
    browser = administrator()
    page = browser.get(f"/admin/catalog/collection/{shop.pk}/change/").content.decode()
    assert f'href="{INSIGHT}"' in page and "What is in it" in page
    item = Item.objects.order_by("id")[0]
    Suggestion.objects.create(collection=shop, item=item, kind=SuggestionKind.OUTLIER, score=5)
    assert "1 far from everything" in browser.get("/admin/").content.decode()


def test_counting_does_not_depend_on_the_time_zone_of_the_server(shop: Collection, settings: Settings) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    searches.count(shop, "tent", visitor="v", is_found=True)
    assert SearchCount.objects.get().day == timezone.localdate()
