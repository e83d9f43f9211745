"""The stems of words, as PostgreSQL's text search configurations make them. Pure."""

from __future__ import annotations

import threading
from functools import lru_cache

import Stemmer

_LANGUAGES = frozenset(Stemmer.algorithms())


class _OfThisThread(threading.local):
    """A stemmer keeps the word it is at in itself: two threads with one of them would get each other's stems."""

    def __init__(self) -> None:
        self.stemmers: dict[str, Stemmer.Stemmer] = {}


_own = _OfThisThread()


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """The Snowball stem, as PostgreSQL's configuration of that name has it; the word itself where there is none."""
    if language not in _LANGUAGES:
        return word
    stemmer = _own.stemmers.get(language)
    if stemmer is None:
        stemmer = _own.stemmers[language] = Stemmer.Stemmer(language)
    stemmed: str = stemmer.stemWord(word)
    return stemmed
