"""The search page as the server sends it, with and without htmx."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from catalog.models import Collection
from catalog.services.collections import create_collection
from search.errors import EncoderUnavailable
from search.retrieval.page import page
from search.retrieval.search import search
from search.retrieval.types import SearchRequest, SearchResult
from tests.pages.shop import client_of, make_shop, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture
def shop() -> Collection:
    return make_shop()


def get(path: str, client: Client | None = None, status: int = 200, headers: dict[str, str] | None = None) -> str:
    response = (client or Client()).get(path, headers=headers or {})
    assert response.status_code == status, text_of(response)[:2_000]
    return text_of(response)


def answer_with(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Lets the real search answer, and changes what it says."""

    def changed(request: SearchRequest) -> SearchResult:
        return replace(search(request), **changes)

    monkeypatch.setattr(page, "answer", changed)


def test_a_hit_shows_marks_band_attributes_and_why_it_is_there(shop: Collection) -> None:
    html = get("/c/shop/?q=rainproof+tent")
    assert '<a href="/c/shop/items/tent-1">Dome <mark>tent</mark> for two</a>' in html
    assert "<mark>rainproof</mark>" in html
    assert '<li class="band band-' in html
    assert " match</li>" in html
    assert "<span>Price</span> 199.50" in html
    for part in ("Why this result", "Words", "Meaning", "Matching words", "Closest passage", "Final score"):
        assert part in html


def test_what_is_counted_is_not_called_further_away(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = search(SearchRequest(shop, "rainproof tent")).hits
    hits = (replace(first, band="good"), *(replace(hit, band="weak") for hit in others))
    for total, is_apart in ((1, True), (len(hits), False)):
        answer_with(monkeypatch, hits=hits, total=total)
        assert ("Further away" in get("/c/shop/?q=rainproof+tent")) is is_apart


def test_an_exact_identifier_is_called_so(shop: Collection) -> None:
    html = get("/c/shop/?q=nt-4001")
    assert "Exact identifier" in html
    assert "Its identifier is exactly" in html


def test_what_people_wrote_is_text_and_never_markup(shop: Collection) -> None:
    html = get("/c/shop/?q=copper+%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in html
    assert "<b>28" not in html
    assert "&lt;b&gt;28" in html
    assert "&quot;heat&quot;" in html


def test_without_a_query_the_newest_items_come_first(shop: Collection) -> None:
    html = get("/c/shop/")
    assert "5 items" in html
    assert "newest first" in html
    assert html.index("pan-2") < html.index("tent-1")
    assert "band-" not in html


def test_facets_count_and_remember_what_is_ticked(shop: Collection) -> None:
    html = get("/c/shop/?filter.brand=Norrdal&filter.price.gte=300")
    assert 'name="filter.brand" value="Norrdal" checked' in html
    assert "<span>Halmora</span><small>0</small>" in html or "<span>Tarnholt</span>" not in html
    assert 'name="filter.price.gte" value="300"' in html
    assert "Brand: Norrdal" in html
    assert "Price: from 300" in html
    assert 'class="clear" href="/c/shop/"' in html
    assert 'href="/c/shop/?filter.price.gte=300"' in html
    assert "tent/2" in html
    assert "tent-1" not in html


def test_conditions_without_an_input_of_their_own_are_carried_along(shop: Collection) -> None:
    html = get("/c/shop/?filter.sku.exists=true&filter.released.lte=2026-01-01")
    assert '<input type="hidden" name="filter.sku.exists" value="true">' in html
    assert '<input type="hidden" name="filter.released.lte" value="2026-01-01">' in html
    assert "SKU: given" in html
    assert "Released: up to 2026-01-01" in html


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filter.price.gte=cheap", "The filter “Price” must be a number."),
        ("filter.colour=red", "The filter “Colour” &#x27;colour&#x27; is no attribute of this collection"),
        ("mode=fuzzy", "“mode” must be one of hybrid, semantic, lexical."),
        ("page=0", "The page must be a whole number from 1 to 101."),
        ("page=1000000000000", "The page must be a whole number"),
    ],
)
def test_a_wrong_question_is_answered_in_words(shop: Collection, query: str, said: str) -> None:
    assert said in get(f"/c/shop/?q=tent&{query}", status=422)


def test_a_long_query_is_refused_in_words_and_kept(shop: Collection) -> None:
    html = get("/c/shop/?q=" + "x" * 8_001, status=413)
    assert "Your query has 8,001 characters, at most 8,000 are allowed." in html
    assert f'value="{"x" * 8_001}"' in html


def test_nothing_that_matches_the_filters(shop: Collection) -> None:
    html = get("/c/shop/?filter.price.gte=100000")
    assert "Nothing matches these filters" in html
    assert "without some of the filters" in html


def test_nothing_relevant_is_said_aloud_with_the_nearest_apart(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, is_nothing_relevant=True)
    html = get("/c/shop/?q=tent")
    assert "Nothing relevant found for “tent”" in html
    assert "The nearest possibilities" in html
    assert "add it to the catalog" not in html
    assert "/c/shop/add?title=tent" in get("/c/shop/?q=tent", client_of("ada", is_staff=True))


def test_an_empty_collection_says_how_to_fill_it() -> None:
    create_collection(slug="empty")
    html = get("/c/empty/")
    assert "This collection is empty" in html
    assert "import_items FILE.jsonl --collection empty" in html


def test_a_suggestion_asks_the_same_with_other_words(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, suggestion="dome tent")
    html = get("/c/shop/?q=doem+tent&filter.brand=Norrdal")
    assert 'Did you mean <a href="/c/shop/?q=dome+tent&amp;filter.brand=Norrdal">dome tent</a>?' in html


def test_a_capped_total_is_called_at_least(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    said = ("Only the first words were ranked by.",)
    answer_with(monkeypatch, total=2_000, is_capped=True, is_nothing_relevant=False, warnings=said)
    html = get("/c/shop/?q=tent")
    assert "At least 2,000 results" in html
    assert "Only the first words were ranked by." in html


def test_without_an_encoder_words_still_find_and_the_page_says_so(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise EncoderUnavailable("down")

    monkeypatch.setattr("search.retrieval.search.query_vector", fail)
    html = get("/c/shop/?q=porches")
    assert "Search by meaning is resting" in html
    assert "tent-1" in html


def test_a_private_collection_answers_like_a_missing_one() -> None:
    make_shop("secret", visibility="private")
    for path in ("/c/{}/", "/c/{}/items/tent-1", "/c/{}/add", "/c/{}/indexing/tent-1", "/c/{}/related/tent-1"):
        for client in (Client(), client_of(f"charlie{len(path)}")):
            private, missing = (client.get(path.format(slug)) for slug in ("secret", "nothing"))
            assert private.status_code == missing.status_code == 404
            assert private.content == missing.content
    assert "Tent &amp; pan shop" in get("/c/secret/", client_of("ada", is_staff=True))


def test_strangers_who_ask_too_often_are_asked_to_wait(shop: Collection, settings: Settings) -> None:
    settings.AKIN_RATE_LIMIT = 1
    client = Client(REMOTE_ADDR="203.0.113.9")
    responses = [client.get("/c/shop/?q=tent") for _ in range(4)]
    assert responses[-1].status_code == 429
    assert "One moment, please" in text_of(responses[-1])
    assert 0 < int(responses[-1]["Retry-After"]) <= 60


def test_a_database_that_does_not_answer_is_a_page_too(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request: SearchRequest) -> SearchResult:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(page, "answer", fail)
    assert "Akin is taking a short break" in get("/c/shop/?q=tent", status=503)


def test_the_page_adds_two_queries_to_the_search(
    shop: Collection, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client()
    client.get("/c/shop/?q=warm+up")
    with django_assert_max_num_queries(16):
        client.get("/c/shop/?q=tent")


def test_hits_are_sorted_by_what_the_page_offers(shop: Collection) -> None:
    html = get("/c/shop/?q=pan+tent&sort=price:asc")
    assert "Price, lowest first" in html and 'value="price:asc" selected' in html
    order = [
        html.index(f"/items/{name}") for name in ("pan-1", "tent-3", "pan-2", "tent-1") if f"/items/{name}" in html
    ]
    assert len(order) > 1 and order == sorted(order)
    assert "sort=price%3Aasc" in get("/c/shop/?sort=price:asc&filter.brand=Halmora")
    assert "must be relevance, newest" in get("/c/shop/?sort=brand", status=422)


def test_a_parameter_that_means_nothing_is_refused_by_name(shop: Collection) -> None:
    assert "“colour” is no parameter of this page" in get("/c/shop/?q=tent&colour=red", status=422)


@pytest.mark.parametrize("query", ["filter.price.lte=abc", "filter.price.gte=9&filter.price.lte=1"])
def test_a_range_typed_wrongly_is_told_and_hits_and_text_stay(shop: Collection, query: str) -> None:
    html = get(f"/c/shop/?q=tent&{query}", status=422)
    assert "The filter “Price”" in html and "/items/tent-1" in html
    assert f'value="{query.rpartition("=")[2]}"' in html and 'aria-invalid="true"' in html
