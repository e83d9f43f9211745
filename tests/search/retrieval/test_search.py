"""The search as a whole: each mode on real PostgreSQL, with the encoder that knows words only."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Collection, Item
from search.embedding.queue import pipeline
from search.models import Passage
from search.retrieval.types import MODES, Filter, Mode
from tests.factories import add_items, all_pages, find, ids, make_collection, make_searchable, shop_of

pytestmark = pytest.mark.django_db

every_mode = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        {
            "external_id": "tent",
            "title": "Dome tent",
            "body": "A light tent for two.",
            "attributes": {"sku": "TN-2044"},
        },
        {"external_id": "tarp", "title": "Tarp", "body": "Instead of a tent, where rain is rare."},
        {"external_id": "stove", "title": "Gas stove", "body": "Boils a litre of water."},
        {"external_id": "pan", "title": "Iron pan", "body": "A cast iron pan for steak."},
        {"external_id": "skillet", "title": "Skillet", "body": "Iron that was cast long ago, a pan of old."},
    )


@every_mode
def test_the_item_about_the_query_comes_first(shop: Collection, mode: Mode) -> None:
    result = find(shop, "dome tent", mode=mode)
    assert ids(result)[0] == "tent"
    assert result.mode == mode and not result.is_degraded and result.took_ms > 0


def test_the_lexical_mode_finds_nothing_without_a_common_word(shop: Collection) -> None:
    result = find(shop, "bicycle", mode="lexical")
    assert (result.hits, result.total, result.next_offset) == ((), 0, None)


def test_words_are_found_by_their_stem(shop: Collection) -> None:
    assert ids(find(shop, "tents", mode="lexical"))[0] == "tent"


@every_mode
def test_an_excluded_word_is_in_no_hit(shop: Collection, mode: Mode) -> None:
    found = ids(find(shop, "iron pan tent -steak", mode=mode))
    assert "pan" not in found and "skillet" in found


@every_mode
def test_a_query_that_only_excludes_shows_the_newest_of_all_others(shop: Collection, mode: Mode) -> None:
    assert ids(find(shop, '-steak -"old"', mode=mode)) == ["stove", "tarp", "tent"]


@every_mode
def test_an_excluded_phrase_is_in_no_hit(shop: Collection, mode: Mode) -> None:
    found = ids(find(shop, 'iron pan -"cast iron"', mode=mode))
    assert "pan" not in found and "skillet" in found


def test_an_item_named_by_its_identifier_is_left_out_all_the_same_when_it_has_an_excluded_word(
    shop: Collection,
) -> None:
    assert "tent" not in ids(find(shop, "TN-2044 -dome"))


@pytest.mark.parametrize("typed", ["TN-2044", "tn2044", "Tn 2044", "stove tn-2044 steak"])
@every_mode
def test_an_exact_identifier_comes_first_however_it_is_typed(shop: Collection, mode: Mode, typed: str) -> None:
    first = find(shop, typed, mode=mode, explain=True).hits[0]
    assert (first.external_id, first.band) == ("tent", "exact")
    assert first.explanation is not None and first.explanation.identifier == "tn2044"


def test_letters_beyond_ascii_in_identifiers_are_the_same_in_item_and_query() -> None:
    names = ["Ä-12 é", "ΣΟΦΟΣ-7", "İ-9", "№ ²-4", "की-77", "ﬁ-42"]
    shop = shop_of(*({"title": f"thing {n}", "attributes": {"sku": sku}} for n, sku in enumerate(names)))
    for number, sku in enumerate(names):
        assert ids(find(shop, sku))[0] == f"i{number}", sku


@every_mode
def test_pages_follow_each_other_without_repeats_or_gaps(mode: Mode) -> None:
    shop = shop_of(*({"title": f"tent number {n % 7}", "body": "canvas " * (n % 5)} for n in range(57)))
    whole = ids(find(shop, "tent canvas", mode=mode, limit=100))
    assert len(whole) == 57
    assert list(all_pages(shop, "tent canvas", mode=mode, limit=10)) == whole


@every_mode
def test_equal_items_are_ordered_by_id_and_so_always_alike(mode: Mode) -> None:
    shop = shop_of(*({"title": "tent", "body": "the same"} for _ in range(12)))
    assert ids(find(shop, "tent", mode=mode, limit=20)) == [f"i{n}" for n in range(12)]


def test_a_page_behind_the_last_is_empty(shop: Collection) -> None:
    result = find(shop, "tent", offset=500)
    assert result.hits == () and result.next_offset is None and result.total > 0


@every_mode
@pytest.mark.parametrize("query_text", ["tent", "TN-1", ""])
def test_what_is_not_visible_is_never_shown_nor_counted(mode: Mode, query_text: str) -> None:
    other = shop_of({"title": "tent of another shop", "attributes": {"brand": "Other"}}, slug="other")
    hidden = {"title": "tent", "attributes": {"brand": "Hidden", "sku": "TN-1"}}
    shop = shop_of(
        {"external_id": "shown", "title": "tent TN-1", "attributes": {"brand": "Shown"}},
        {**hidden, "external_id": "draft", "status": "draft"},
        {**hidden, "external_id": "archived", "status": "archived"},
        {**hidden, "external_id": "merged"},
    )
    Item.objects.filter(external_id="merged").update(merged_into=Item.objects.get(external_id="shown"))
    result = find(shop, query_text, mode=mode, facets=("brand",), limit=50)
    assert ids(result) == ["shown"] and result.total == 1
    assert [(value.value, value.count) for value in result.facets["brand"]] == [("Shown", 1)]
    assert other.pk != shop.pk


def test_without_a_query_the_newest_items_come_first_within_the_filters(shop: Collection) -> None:
    assert ids(find(shop, "  ")) == ["skillet", "pan", "stove", "tarp", "tent"]
    filtered = find(shop, "", filters=(Filter("sku", exists=True),), facets=("sku",))
    assert ids(filtered) == ["tent"] and filtered.total == 1
    assert list(all_pages(shop, "", limit=2)) == ["skillet", "pan", "stove", "tarp", "tent"]


ODD = [
    "'", "''", '"', '""', "\\", "\\'", "%", "%s", "%(x)s", "{braces}", "{0}", "{}", "}{", "\x00", "tent\x00dome",
    "😀", "👩‍👩‍👧",
    "a" * 1_000, "漢" * 1_000, '"' + "漢" * 900 + '"', "-" + "é" * 900, "x " * 500, "the of and", '"the"', "-the",
    "-tent", '-"cast iron"', "-", "--", "- -", '-""', "!", "&", "|", "a & !b", "tent:*", "<->", "(tent", "a/b//c", "/",
    "http://example.org/x?y=%20", "me@example.org", "1e999", "NaN", "١٢٣", "\u200b", "\u202e", "\ufeff",
    "\\x00", "; DROP TABLE",
]  # fmt: skip


@every_mode
def test_odd_queries_get_an_answer(shop: Collection, mode: Mode) -> None:
    filters = (Filter("{odd} 'name' %s", terms=("%", "'", "{}")),)
    for query_text in ODD:
        result = find(shop, query_text, mode=mode, explain=True)
        assert result.total >= sum(hit.band != "weak" for hit in result.hits), query_text
        assert find(shop, query_text, mode=mode, filters=filters, facets=("brand",)).total == 0, query_text


def test_words_apart_by_a_slash_are_found_by_the_same_words() -> None:
    shop = shop_of({"title": "AC/DC adapter"}, {"title": "Adapter"}, {"title": "Plug"})
    for query_text in ("AC/DC", "dc", '"ac dc"', '"AC/DC"'):
        assert ids(find(shop, query_text, mode="lexical")) == ["i0"], query_text
    assert ids(find(shop, "adapter -AC/DC", mode="lexical")) == ["i1"]


def test_every_hit_says_why(shop: Collection) -> None:
    hit = find(shop, "dome tent", explain=True, filters=(Filter("sku", exists=True),)).hits[0]
    why = hit.explanation
    assert why is not None
    assert [(leg.leg, leg.rank) for leg in why.legs] == [("lexical", 1), ("semantic", 1)]
    assert set(why.matched_words) == {"dome", "tent"}
    assert why.best_passage == (0, len("Dome tent\nA light tent for two."))
    assert why.filters == ("sku",) and why.identifier is None


def test_a_leg_that_did_not_find_the_hit_gives_it_no_rank(shop: Collection) -> None:
    hits = find(shop, "dome", explain=True).hits
    why = next(hit.explanation for hit in hits if hit.external_id == "stove")
    assert why is not None and [leg.rank is None for leg in why.legs] == [True, False]


def test_a_long_item_is_found_by_one_of_its_passages_and_shows_it() -> None:
    filler = "Plain words about nothing in particular, one after another. " * 40
    shop = shop_of(
        {"title": "Long story", "body": f"{filler}The lighthouse keeper drinks tea. {filler}"}, {"title": "Tea"}
    )
    hit = find(shop, "lighthouse keeper", mode="semantic", explain=True).hits[0]
    assert hit.external_id == "i0" and "lighthouse keeper" in hit.snippet.text
    assert hit.explanation is not None and hit.explanation.best_passage is not None
    item = Item.objects.get(external_id="i0")
    start, end = hit.explanation.best_passage
    assert "lighthouse keeper" in f"{item.title}\n{item.body}"[start:end]
    assert Passage.objects.filter(item=item).count() > 3


def test_long_items_do_not_crowd_others_out_of_the_semantic_leg() -> None:
    """Each of the long items has more passages than an answer has places."""
    story = " ".join(f"The camel walks on day {n} through sand and wind." for n in range(1_200))
    shop = shop_of(
        *({"title": f"camel {n}", "body": story} for n in range(3)), *({"title": f"a camel {n}"} for n in range(9))
    )
    assert Passage.objects.count() > 240
    assert len(ids(find(shop, "camel walks day", mode="semantic", limit=12))) == 12


def test_a_search_takes_few_statements_however_many_hits_there_are(shop: Collection) -> None:
    add_items(shop, *({"title": f"tent {n}"} for n in range(60)))
    make_searchable(shop)
    counts = [statements(shop, limit=limit) for limit in (1, 50)]
    assert counts[0] == counts[1] <= 8


def test_each_facet_with_a_selection_costs_a_bounded_number_of_statements(shop: Collection) -> None:
    plain = statements(shop, facets=("brand", "colours", "price"))
    filtered = statements(shop, facets=("brand", "colours", "price"), filters=(Filter("brand", terms=("A",)),))
    assert plain <= 9 and filtered <= plain + 6


def statements(shop: Collection, **options: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        find(shop, "dome tent", **options)
    return sum(1 for query in captured if "SAVEPOINT" not in query["sql"])


def test_an_empty_collection_answers_with_nothing() -> None:
    empty = make_collection("empty")
    pipeline.drain()
    for query_text in ("tent", ""):
        result = find(empty, query_text, facets=("brand",))
        assert (result.hits, result.total, dict(result.facets)) == ((), 0, {"brand": ()})
