"""The item page: what is known of an item, and who may see it."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from catalog.models import Collection, Item
from search.embedding.queue import pipeline
from search.models import DuplicatePair, ItemEmbedding
from tests.pages.shop import add_items, client_of, make_shop, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def item(external_id: str) -> Item:
    return Item.objects.get(external_id=external_id)


def suspect(one: str, other: str, **fields: object) -> DuplicatePair:
    first, second = sorted((item(one), item(other)), key=lambda found: found.pk)
    evidence = [
        {"name": "price", "label": "Price", "value": 0.12, "contribution": -0.4},
        {"name": "title", "label": "Words of the titles", "value": 0.9, "contribution": 1.5},
    ]
    values = {"score": 0.934, "is_flagged": True, "evidence": evidence, **fields}
    return DuplicatePair.objects.create(
        collection=first.collection, first=first, second=second, first_digest=b"", second_digest=b"", **values
    )


def get(path: str, client: Client | None = None, status: int = 200) -> str:
    response = (client or Client()).get(path)
    assert response.status_code == status
    return text_of(response)


def test_an_item_shows_its_text_its_attributes_and_what_is_related(shop: Collection) -> None:
    html = get("/c/shop/items/tent-1")
    for part in ("Dome tent for two", "two porches", "<dt>Brand</dt><dd>Norrdal</dd>", "<dt>SKU</dt><dd>NT-2001</dd>"):
        assert part in html
    assert "<dt>Weight</dt><dd>2,350\N{NO-BREAK SPACE}g</dd>" in html
    assert 'href="/c/shop/items/tent/2">Tunnel tent for four</a>' in html
    assert "admin" not in html.replace("/admin/login/", "")


def test_any_external_id_has_its_page(shop: Collection) -> None:
    add_items(shop, [{"external_id": "ä b/c?d#e%f'\"", "title": "Odd one", "image": "/static/x.png", "url": "/y"}])
    link = unescape(get("/c/shop/").split('">Odd one')[0].rpartition('href="')[2])
    odd = get(link)
    assert "Odd one" in odd
    assert 'src="/static/x.png"' in odd
    assert 'href="/y"' in odd


def test_a_merged_item_leads_to_its_keeper(shop: Collection) -> None:
    Item.objects.filter(external_id="tent-3").update(merged_into=item("tent-1"))
    Item.objects.filter(external_id="tent-1").update(merged_into=item("tent/2"))
    response = Client().get("/c/shop/items/tent-3")
    assert (response.status_code, response["Location"]) == (301, "/c/shop/items/tent/2")


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_only_curators_see_drafts_and_archived_items(shop: Collection, status: str) -> None:
    Item.objects.filter(external_id="tent-1").update(status=status)
    hidden, missing = (Client().get(f"/c/shop/items/{name}") for name in ("tent-1", "nothing"))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content
    get("/c/shop/items/tent-1", client_of("charlie"), status=404)
    assert "only curators see it" in get("/c/shop/items/tent-1", client_of("ada", is_staff=True))


def test_a_hidden_keeper_is_not_given_away(shop: Collection) -> None:
    Item.objects.filter(external_id="tent-1").update(status="draft")
    Item.objects.filter(external_id="tent-3").update(merged_into=item("tent-1"))
    get("/c/shop/items/tent-3", status=404)


def test_a_possible_duplicate_shows_score_state_and_evidence_to_curators_only(shop: Collection) -> None:
    suspect("tent-1", "tent/2")
    assert "duplicate" not in get("/c/shop/items/tent-1").lower()  # a suspicion is no matter for strangers
    html = get("/c/shop/items/tent-1", client_of("ada", is_staff=True))
    assert "Possible duplicate of" in html
    assert "Likely the same" in html
    assert "93%" in html
    assert html.index("Words of the titles") < html.index("-0.40")


def test_what_was_dismissed_or_is_hidden_is_not_shown_to_visitors(shop: Collection) -> None:
    suspect("tent-1", "tent/2", state="dismissed")
    suspect("tent-1", "pan-1")
    Item.objects.filter(external_id="pan-1").update(status="draft")
    assert "Possible duplicate of" not in get("/c/shop/items/tent-1")


def test_curators_get_the_way_into_the_admin(shop: Collection) -> None:
    pair = suspect("tent-1", "tent/2")
    html = get("/c/shop/items/tent-1", client_of("ada", is_staff=True))
    assert f"/admin/catalog/item/{item('tent-1').pk}/change/" in html
    assert "Edit in the admin" in html
    assert str(pair.pk) in html


def test_the_page_waits_with_the_item_until_it_can_be_found(shop: Collection) -> None:
    add_items(shop, [{"external_id": "new", "title": "New stove"}], embedded=False)
    html = get("/c/shop/items/new")
    assert "Being indexed" in html
    assert 'hx-get="/c/shop/indexing/new"' in html
    waiting = Client().get("/c/shop/indexing/new")
    assert "Being indexed" in text_of(waiting)
    assert "HX-Trigger" not in waiting
    pipeline.drain()
    done = Client().get("/c/shop/indexing/new")
    assert "Searchable now" in text_of(done)
    assert "hx-get" not in text_of(done)
    assert done["HX-Trigger"] == '{"indexed": {}}'
    assert "Being indexed" not in get("/c/shop/items/new")
    assert "Searchable now" not in get("/c/shop/items/new")
    assert 'id="related"' in get("/c/shop/related/new")


def test_an_item_that_cannot_be_indexed_says_so(shop: Collection) -> None:
    ItemEmbedding.objects.filter(item=item("tent-1")).update(state="failed", error_message="secret path /srv")
    html = get("/c/shop/items/tent-1")
    assert "Found by its words only" in html
    assert "/srv" not in html


@pytest.mark.parametrize(
    "path", ["/c/shop/items/nothing", "/c/nothing/items/x", "/nowhere", "/c/shop/indexing/nothing"]
)
def test_what_is_missing_has_a_page_to_read(shop: Collection, path: str) -> None:
    assert "There is no page here" in get(path, status=404)
