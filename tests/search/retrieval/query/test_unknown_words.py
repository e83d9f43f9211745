"""Queries with words that no item has: completed while they are typed, corrected and said so otherwise."""

from __future__ import annotations

import pytest

from catalog.models import Collection, Item
from search.embedding.encoders.registry import encoder_of
from search.retrieval.query.parsing import parse_query
from search.retrieval.query.unknown_words import read_query
from search.retrieval.upkeep import statistics
from tests.factories import add_items, find, ids, make_searchable, shop_of, use_real_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        {"external_id": "bag", "title": "Sleeping bag", "body": "Down, for cold nights."},
        {"external_id": "torch", "title": "Head torch", "body": "Shines far."},
        {"external_id": "tent", "title": "Tunnel tent", "body": "Room for four."},
        {"external_id": "mug", "title": "Enamel mug", "body": "Holds coffee."},
    )


@pytest.mark.parametrize("mode", ["lexical", "hybrid"])
@pytest.mark.parametrize(
    ("typed", "suggestion", "first"),
    [
        ("sleping bag", "sleeping bag", "bag"),
        ("Slepeing", "sleeping", "bag"),
        ("headtorch", "head torch", "torch"),
        ("enmael mug -tea", "enamel mug -tea", "mug"),
    ],
)
def test_a_misspelt_word_is_searched_for_as_it_was_meant_and_suggested(
    shop: Collection, mode: str, typed: str, suggestion: str, first: str
) -> None:
    result = find(shop, typed, mode=mode)
    assert (ids(result)[0], result.suggestion) == (first, suggestion)


@pytest.mark.parametrize("typed", ["tun", "tunnel te", "ename"])
def test_the_last_word_is_completed_while_it_is_typed(shop: Collection, typed: str) -> None:
    result = find(shop, typed, mode="lexical")
    assert (ids(result)[0], result.suggestion) == ("mug" if typed == "ename" else "tent", None)


@pytest.mark.parametrize("typed", ["sleeping bag", "bicycle", '"sleping bag"', "TN-2044", "-sleping"])
def test_nothing_is_suggested_for_known_foreign_quoted_or_excluded_words_and_for_codes(
    shop: Collection, typed: str
) -> None:
    assert find(shop, typed).suggestion is None


def test_a_word_newer_than_the_statistics_is_not_corrected(shop: Collection) -> None:
    add_items(shop, {"external_id": "slapping", "title": "Sleepings"}, {"external_id": "mog", "title": "Enamels mog"})
    result = find(shop, "mog", mode="lexical")
    assert (ids(result), result.suggestion) == (["mog"], None)


def test_the_vocabulary_follows_the_statistics(shop: Collection) -> None:
    assert find(shop, "lantren").suggestion is None
    add_items(shop, {"external_id": "lantern", "title": "Lantern"})
    statistics.refresh(shop.pk)
    assert find(shop, "lantren", mode="lexical").suggestion == "lantern"


@pytest.mark.parametrize("typed", ["enmael", "ename"])
def test_a_word_of_a_hidden_item_is_not_told(shop: Collection, typed: str) -> None:
    Item.objects.filter(external_id="mug").update(status="draft")
    result = find(shop, typed)
    assert result.suggestion is None and "mug" not in ids(result)
    assert all(
        hit.explanation is not None and not hit.explanation.matched_words
        for hit in find(shop, typed, explain=True).hits
    )


def test_a_guess_is_no_proof_of_relevance(shop: Collection) -> None:
    """Nonsense that happens to be near a word does not become a confident hit."""
    assert {hit.band for hit in find(shop, "mugg").hits} <= {"possible", "weak"}


def test_the_beginning_of_a_word_is_relevant_alone_but_nonsense_before_it_stays_nonsense(shop: Collection) -> None:
    assert find(shop, "tunn", mode="lexical").hits[0].band == "strong"
    assert {hit.band for hit in find(shop, "qwertz 0815 tunn").hits} == {"weak"}


def test_other_collections_words_are_not_suggested(shop: Collection) -> None:
    other = shop_of({"title": "Copper kettle"}, slug="other")
    assert find(other, "sleping").suggestion is None


def senseless(shop: Collection, typed: str) -> set[str]:
    words = read_query(shop, typed, parse_query(typed)).words
    return {word.lexeme for word in words.words if word.is_senseless}


def test_what_is_a_word_neither_of_an_item_nor_of_the_model_is_without_sense(shop: Collection) -> None:
    assert senseless(shop, "zxcvbnm tent") == set()  # this model cannot be asked
    encoder_of(use_real_model())
    assert senseless(shop, "zxcvbnm tent bicycle qwrtplk XK9000") == {"zxcvbnm", "qwrtplk", "xk9000"}
    assert senseless(shop, "sleping bag tunn") == set()  # corrected, known and begun


def test_names_that_share_letters_with_nonsense_are_no_confident_hits(shop: Collection) -> None:
    encoder_of(use_real_model())
    add_items(shop, *({"title": name} for name in ("zxcv", "qwert zxcv asdfg", "zxc nmb poi")))
    make_searchable(shop)
    result = find(shop, "zxcvbnm lkjhgf poiu")
    assert result.is_nothing_relevant and {hit.band for hit in result.hits} == {"weak"}


def test_a_query_in_another_language_is_not_corrected_word_by_word() -> None:
    shop = shop_of({"title": "belt of leather"}, {"title": "tent"}, slug="belts")
    assert find(shop, "zelt für zwei Personen").suggestion is None
    assert find(shop, "belr of leathr").suggestion == "belt of leather"
    assert find(shop, "belr of leathr qzwx").suggestion == "belt of leather qzwx"
