"""The lexical leg's score against BM25 written down once more, in Python."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from django.db import connection

from catalog.models import Collection, Item
from search.retrieval.query.parsing import parse_query
from search.retrieval.query.query_words import QueryWords, query_words
from search.retrieval.ranking.lexical import length_sql, lexical_score_sql
from search.retrieval.upkeep import statistics
from tests.factories import add_items, find, ids, make_collection

pytestmark = pytest.mark.django_db

K1, B, TITLE_WEIGHT = 1.2, 0.75, 3
VOCABULARY = [f"w{n}x" for n in range(40)]


def text_of(generator: random.Random, longest: int) -> str:
    weights = [1 / (n + 1) for n in range(len(VOCABULARY))]
    return " ".join(generator.choices(VOCABULARY, weights, k=generator.randrange(1, longest)))


@pytest.fixture
def corpus() -> Collection:
    generator = random.Random(5)
    collection = make_collection(language="simple")
    add_items(collection, *({"title": text_of(generator, 8), "body": text_of(generator, 60)} for _ in range(120)))
    statistics.refresh(collection.pk)
    return collection


def bm25(collection: Collection, query_text: str) -> dict[int, float]:
    """BM25F in the form tf / (k + tf); the length of an item is its number of distinct words."""
    documents = {item.pk: (Counter(item.title.split()), Counter(item.body.split())) for item in collection.items.all()}
    lengths = {pk: len(title.keys() | body.keys()) for pk, (title, body) in documents.items()}
    average = sum(lengths.values()) / len(lengths)
    scores = dict.fromkeys(documents, 0.0)
    for word, asked in Counter(query_text.split()).items():
        containing = [pk for pk, (title, body) in documents.items() if word in title or word in body]
        idf = math.log(1 + (len(documents) - len(containing) + 0.5) / (len(containing) + 0.5))
        for pk in containing:
            title, body = documents[pk]
            frequency = TITLE_WEIGHT * title[word] + body[word]
            k = K1 * (1 - B + B * lengths[pk] / average)
            scores[pk] += asked * idf * frequency / (k + frequency)
    return scores


def scores_in_sql(collection: Collection, words: QueryWords) -> dict[int, float]:
    vector = "ts_filter(search_vector, '{a,b}')"
    score, parameters = lexical_score_sql(words, vector, f"({length_sql(words, vector)})")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {score} FROM catalog_item WHERE collection_id = {collection.pk}", parameters)
        return dict(cursor.fetchall())


@pytest.mark.parametrize(
    "query_text", ["w0x", "w39x w1x", "w5x w5x w2x", "w0x w1x w2x w3x w9x", "absent w7x", "absent"]
)
def test_the_score_is_bm25(corpus: Collection, query_text: str) -> None:
    expected = bm25(corpus, query_text)
    found = scores_in_sql(corpus, query_words(corpus, parse_query(query_text)))
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("query_text", ["w3x", "w20x w8x", "w11x w30x w6x"])
def test_the_order_is_that_of_bm25_with_ties_by_id(corpus: Collection, query_text: str) -> None:
    expected = bm25(corpus, query_text)
    matching = sorted((pk for pk in expected if expected[pk] > 0), key=lambda pk: (-round(expected[pk], 4), pk))
    names = dict(Item.objects.values_list("pk", "external_id"))
    found = ids(find(corpus, query_text, mode="lexical", limit=100))
    places = {names[pk]: round(expected[pk], 4) for pk in matching}
    assert [places[name] for name in found] == [round(expected[pk], 4) for pk in matching[: len(found)]]
    assert len(found) == min(len(matching), 100)


def test_a_word_in_the_title_counts_more_than_in_the_body() -> None:
    shop = make_collection()
    add_items(shop, {"title": "stove", "body": "tent"}, {"title": "tent", "body": "stove"}, {"title": "lamp"})
    statistics.refresh(shop.pk)
    assert ids(find(shop, "tent", mode="lexical")) == ["i1", "i0"]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    shop = make_collection()
    add_items(shop, *({"title": f"tent {n}"} for n in range(9)), {"title": "porch of cloth"})
    statistics.refresh(shop.pk)
    assert ids(find(shop, "tent porch", mode="lexical"))[0] == "i9"


@pytest.mark.parametrize(
    ("text", "lexemes"),
    [
        ("non-stick pan", ["non", "pan", "stick"]),
        ("edge-loaded two-dimensional", ["dimension", "edg", "load", "two"]),  # parts are stemmed otherwise
        ("to-do list", ["list", "to-do"]),  # its parts are stop words
    ],
)
def test_a_compound_with_a_hyphen_counts_by_its_parts_alone(text: str, lexemes: list[str]) -> None:
    words = query_words(make_collection(), parse_query(text))
    assert sorted(word.lexeme for word in words.words) == lexemes


def test_a_compound_is_found_written_either_way() -> None:
    collection = make_collection()
    add_items(collection, {"title": "Non stick pan"}, {"title": "Non-stick pan"}, {"title": "Cake tin"})
    statistics.refresh(collection.pk)
    for text in ("non-stick pan", "non stick pan"):
        assert set(ids(find(collection, text, mode="lexical"))) == {"i0", "i1"}, text
