"""Every page, light and dark, as axe sees it: nothing serious; one main part, one first heading, no scrolling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User
from django.utils import timezone

from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind
from search.insight.map.computing import compute_map
from search.insight.topics.computing import compute_topics
from search.models import ItemEmbedding, SearchCount, Topic
from search.models.insight import TopicLevel
from tests.factories import add_items, make_collection, make_searchable
from tests.pages.conftest import OpenPage
from tests.pages.shop import client_of, make_shop
from tests.search.admin.pairs.test_merging import make_pair

pytestmark = pytest.mark.django_db(transaction=True)
SERIOUS = ("serious", "critical")
PUBLIC = (
    "/", "/sign-in", "/admin/login/", "/c/shop/", "/c/shop/?q=tent", "/c/shop/?q=zzqq", "/c/shop/items/tent-1",
    "/c/shop/?filter.price.lte=x", "/nowhere", "/c/shop/insight", "/c/shop/insight/map",
)  # fmt: skip
LISTS = (
    "catalog/collection", "catalog/item", "catalog/run", "catalog/apikey", "search/duplicatepair",
    "search/itemembedding", "search/embeddingspace", "search/evaluationrun", "search/judgedset", "search/suggestion",
    "search/topic", "auth/user", "auth/group",
)  # fmt: skip


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def faults(page: Any, path: str) -> list[str]:
    """What is wrong with the page, in words that lead to it."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(100)
    found = [
        f"{path}: {rule['id']}: {node['html'][:120]}"
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]
    counts = {selector: page.locator(selector).count() for selector in ("h1", "main")}
    found += [f"{path}: {count} {selector}" for selector, count in counts.items() if count != 1]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{path}: scrolls sideways")
    return found


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_site(shop: Collection, open_page: OpenPage, colours: str) -> None:
    page = open_page("/", color_scheme=colours)
    assert [fault for path in PUBLIC for fault in faults(page, path)] == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_pages_of_insight(open_page: OpenPage, colours: str) -> None:
    texts = ("tent porch pegs campsite", "pan frying steak handle", "lamp candle lantern wick")
    shop = make_collection(search_settings={"learn_interest": True})
    add_items(
        shop, *({"title": f"{text} {n}", "body": text, "attributes": {"price": n}} for text in texts for n in range(20))
    )
    make_searchable(shop)
    compute_topics(shop, coarse_number=3)
    compute_map(shop)
    SearchCount.objects.create(collection=shop, day=timezone.localdate(), query_text="kayak", is_found=False)
    topic = Topic.objects.filter(level=TopicLevel.COARSE)[0].pk
    today = timezone.now().date()
    monday = today - timedelta(days=today.weekday())
    paths = [
        "/", f"/c/shop/?topic={topic}&q=tent", "/c/shop/insight", "/c/shop/insight/map", "/c/shop/insight/map?q=tent",
        f"/c/shop/topics/{topic}", "/c/shop/like?more=i1&less=i30", "/c/shop/for-you", "/c/shop/ask",
        "/c/shop/ask?q=tent", f"/c/shop/insight/added/{monday.year}-{monday.month}-{monday.day}",
    ]  # fmt: skip
    cookies = {"sessionid": client_of("ada", is_staff=True).cookies["sessionid"].value}
    page = open_page("/", cookies=cookies, color_scheme=colours)
    assert [fault for path in paths for fault in faults(page, path)] == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_admin(shop: Collection, open_page: OpenPage, colours: str) -> None:
    client = client_of("ada", is_staff=True)
    items = list(Item.objects.order_by("pk"))
    pair = make_pair(items[0], items[1])
    run = Run.objects.create(kind=RunKind.IMPORT, collection=shop, total=5, done=2)
    one_each = {
        "catalog/collection": shop.pk,
        "catalog/item": items[0].pk,
        "catalog/run": run.pk,
        "search/duplicatepair": pair.pk,
        "search/itemembedding": ItemEmbedding.objects.latest("pk").pk,
        "auth/user": User.objects.latest("pk").pk,
        "auth/group": Group.objects.latest("pk").pk,
    }
    others = ("catalog/item/import", "catalog/item/export", "catalog/apikey/add", "search/duplicatepair/groups")
    paths = ["/c/shop/add", "/admin/", *(f"/admin/{name}/" for name in (*LISTS, *others))]
    paths += [f"/admin/{name}/{pk}/change/" for name, pk in one_each.items()]
    paths += [f"/admin/catalog/collection/{shop.pk}/calibrate/", f"/admin/catalog/item/{items[0].pk}/delete/"]
    cookies = {"sessionid": client.cookies["sessionid"].value}
    page = open_page("/", cookies=cookies, color_scheme=colours, viewport={"width": 1366, "height": 768})
    assert [fault for path in paths for fault in faults(page, path)] == []
