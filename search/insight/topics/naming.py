"""Names for topics: the words that their items have and the rest of the collection has not (c-TF-IDF). Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

WORD = re.compile(r"[^\W\d_]{3,40}")
WORDS_KEPT = 8
WORDS_NAMED = 3
TEXT_LENGTH = 2_000  # characters of an item that are read
HOLDERS = 2  # items of the topic that have the word
LIFT = 1.3  # times as frequent as in the whole collection, at least
SAME_STEM = 4  # letters at least, when one word is the beginning of the other

NO_NAME = "Other"


def words_of(texts: Iterable[str]) -> Counter[str]:
    """In how many of the texts each word occurs, in lower case."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word.lower() for word in WORD.findall(text[:TEXT_LENGTH])})
    return counts


def distinctive(counts: Mapping[str, int], size: int, documents: Mapping[str, int], total: int) -> list[str]:
    """The words of a topic, the most telling first.

    `counts` are of `size` items of the topic, `documents` of all `total` items of the collection.
    """
    scores = {
        word: count / size * math.log(lift)
        for word, count in counts.items()
        if count >= min(HOLDERS, size) and (lift := count / size * total / max(documents.get(word, 1), 1)) >= LIFT
    }
    kept: list[str] = []
    for word in sorted(scores, key=lambda word: (-scores[word], word)):
        if not any(_is_form(word, other) for other in kept):
            kept.append(word)
        if len(kept) == WORDS_KEPT:
            break
    return kept


def named(words: Sequence[Sequence[str]]) -> list[str]:
    """A name for each list of words, no two the same."""
    names: list[str] = []
    for own in words:
        name, length = _name(own, WORDS_NAMED), WORDS_NAMED
        while name in names and length < len(own):
            length += 1
            name = _name(own, length)
        number = 2
        while name in names:
            name, number = f"{_name(own, WORDS_NAMED)} ({number})", number + 1
        names.append(name)
    return names


def _name(words: Sequence[str], length: int) -> str:
    text = ", ".join(words[:length])
    return text[:1].upper() + text[1:] if text else NO_NAME


def _is_form(word: str, other: str) -> bool:
    shorter, longer = sorted((word, other), key=len)
    stem = shorter[: max(SAME_STEM, len(shorter) - 2)]
    return len(shorter) >= SAME_STEM and longer.startswith(stem) and len(longer) - len(shorter) <= SAME_STEM
