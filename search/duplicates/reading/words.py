"""Words of an item's text and how rare each of them is in its collection."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case without accents, markup entities resolved."""
    if text.isascii() and "&" not in text:
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", html.unescape(text))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def stem(word: str) -> str:
    """A word without its plural ending."""
    if len(word) > 3 and word[-1] == "s" and word[-2] not in "su":
        return word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word


def words_of(text: str) -> list[str]:
    """The words of folded `text`, in order, plural endings removed."""
    return [stem(word) for word in _WORD.findall(text)]


def squash(text: str) -> str:
    """Folded `text` with nothing but its letters and digits."""
    return "".join(_WORD.findall(text))


@lru_cache(maxsize=200_000)
def is_variant(word: str, other: str) -> bool:
    """Whether one word may be meant by the other: an initial, or nearly the same letters."""
    if len(word) == 1 or len(other) == 1:
        return word.isalpha() and other.isalpha()
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
