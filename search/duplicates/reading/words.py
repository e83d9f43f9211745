"""Words of an item's text and how rare each of them is in its collection."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from search.duplicates.reading.legibility import legible

# Signs that belong to the letter before them where scripts write vowels so: Python counts them as no part of a word.
# A single letter's sharp or plus signs are part of its name: C, C++ and C# are three things.
_WORD = re.compile(
    r"(?<![^\W_])[^\W\d_](?:\+\+|#)(?!\w)|"
    "(?:[^\\W_]|[\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])+"
)
# Scripts that write no spaces between words are read in pairs of characters.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
# What marks a letter of Latin, Greek, Cyrillic, Hebrew and Arabic, and the line that lengthens an Arabic word.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]")


def fold(text: str) -> str:
    """Lower case without accents, markup entities resolved, and each character in one form."""
    if text.isascii() and "&" not in text:
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", html.unescape(text))
    return unicodedata.normalize("NFC", _MARKS.sub("", decomposed)).lower()


def read(text: str) -> str:
    """Folded `text`, without what a wrong encoding made of it."""
    return fold(legible(text))


def stem(word: str) -> str:
    """A word without its plural ending."""
    if len(word) > 3 and word[-1] == "s" and word[-2] not in "su":
        return word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word


def words_of(text: str) -> list[str]:
    """The words of folded `text`, in order, without plurals; pairs of characters where no spaces are written."""
    found = _WORD.findall(text)
    if text.isascii() or not _UNSPACED.search(text):
        return [stem(word) for word in found]
    return [part for word in found for part in _parts(word)]


def _parts(word: str) -> Iterator[str]:
    at = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > at:
            yield stem(word[at : run.start()])
        yield from map("".join, pairwise(run[0])) if len(run[0]) > 1 else iter(run[0])
        at = run.end()
    if at < len(word):
        yield stem(word[at:])


def squash(text: str) -> str:
    """Folded `text` with nothing but its letters and digits."""
    return "".join(_WORD.findall(text))


def is_initial(word: str) -> bool:
    """Whether `word` is one letter of a script that writes initials, which has capitals."""
    return len(word) == 1 and word.upper() != word


@lru_cache(maxsize=200_000)
def is_variant(word: str, other: str) -> bool:
    """Whether one word may be meant by the other: an initial, or nearly the same letters."""
    if word[-1] in "+#" or other[-1] in "+#":
        return False
    if len(word) == 1 or len(other) == 1:
        return is_initial(word) or is_initial(other)
    if min(len(word), len(other)) < 4 or not (word.isalpha() and other.isalpha()):
        return False
    return Levenshtein.normalized_similarity(word, other, score_cutoff=0.8) > 0


@lru_cache(maxsize=50_000)  # few counts differ, so that most words of all items share their numbers
def _idf(documents: int, count: int) -> float:
    return math.log((documents + 1) / (count + 1)) + 0.1


@dataclass(frozen=True)
class WordStatistics:
    """In how many of a collection's items each word occurs."""

    documents: int
    frequencies: Mapping[str, int]

    def idf(self, word: str) -> float:
        """Rarity of `word` in nats: about 0 for a word of every item; an unseen word counts as seen once."""
        return _idf(self.documents, self.frequencies.get(word, 1))

    def rarity(self, mark: str) -> float:
        """How telling it is that two items share `mark`: 1 when no others have it, 0 when all have."""
        others = self.frequencies.get(mark, 0) - 1
        if others <= 1 or self.documents <= 2:
            return 1.0
        return max(1 - math.log(others) / math.log(self.documents - 1), 0.0)

    @property
    def ceiling(self) -> float:
        """The rarity of a word that was never seen."""
        return math.log(self.documents + 1) + 0.1
