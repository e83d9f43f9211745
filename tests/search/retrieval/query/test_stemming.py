"""Stems: the same as PostgreSQL's, in every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import Stemmer
from django.db import connection

from search.retrieval.query.stemming import stem

WORDS = {
    "english": ["running", "skies", "generously", "mountaineers", "knitted", "don't", "x100", "größe"],
    "german": ["wanderschuhe", "zelten", "größer", "kinder", "aufgeräumt", "häuser"],
    "french": ["chaussures", "légères", "marchaient", "nationaux", "œufs"],
    "russian": ["палатками", "горные", "согревающий"],
    "simple": ["tents"],
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", WORDS)
def test_stems_are_those_of_the_database(language: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT lexeme FROM unnest(to_tsvector(%s::regconfig, w))) FROM unnest(%s::text[]) w",
            [language, WORDS[language]],
        )
        stored = [row[0] for row in cursor.fetchall()]
    words = [(word, found) for word, found in zip(WORDS[language], stored, strict=True) if found and "'" not in word]
    assert words
    assert [stem(word, language) for word, _ in words] == [found for _, found in words]


def test_threads_do_not_get_each_other_s_stems() -> None:
    words = [[f"{letter}{n}nings" for n in range(3_000)] for letter in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda own: [stem(word, "english") for word in own], words))
    alone = Stemmer.Stemmer("english")
    assert found == [[alone.stemWord(word) for word in own] for own in words]
