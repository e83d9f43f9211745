"""The stems of words, as PostgreSQL's text search configurations make them. Pure."""

from __future__ import annotations

from functools import lru_cache

import snowballstemmer

_LANGUAGES = frozenset(snowballstemmer.algorithms())


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """The Snowball stem, as PostgreSQL's configuration of that name has it; the word itself where there is none."""
    if language not in _LANGUAGES:
        return word
    # A stemmer keeps the word it is at in itself: two threads with one of them get each other's stems.
    stemmed: str = snowballstemmer.stemmer(language).stemWord(word)
    return stemmed
