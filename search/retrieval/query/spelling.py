"""What unknown words of a query may have been meant as, by the words that the collection has. Pure.

A word that is still being typed is completed; any other is corrected, or taken apart into two known words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

MIN_LETTERS = 3  # letters of a word that is completed or corrected, and of each part of one taken apart
LONG = 8  # letters from which on two of them may be wrong
MAX_COMPLETIONS = 8
ENOUGH_COMPOUNDS = 2  # that end with a word, for it to be one
MAX_COMPOUNDS = 200  # that are looked at for that


class Vocabulary:
    """The words of a collection, in lower case, with the number of items that have them."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._documents = dict(words)
        self._sorted = sorted(self._documents)
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in self._sorted:
            self._by_length[len(word)].append(word)
        self._backwards = sorted(word[::-1] for word in self._sorted)

    def __contains__(self, word: str) -> bool:
        return word in self._documents

    def completions(self, beginning: str) -> list[str]:
        """The most frequent words that begin so, but are longer."""
        if len(beginning) < MIN_LETTERS:
            return []
        start = bisect_left(self._sorted, beginning)
        end = bisect_left(self._sorted, beginning + "\U0010ffff")
        found = [word for word in self._sorted[start:end] if word != beginning]
        return sorted(found, key=lambda word: (-self._documents[word], word))[:MAX_COMPLETIONS]

    def correction(self, word: str) -> str | None:
        """The nearest known word, or two; among equally near ones the most frequent. None where nothing is near.

        Near is one letter wrong, missing, added or swapped with its neighbour, in words of eight letters and more two.
        """
        if len(word) <= MIN_LETTERS:
            return None
        nearest = self._nearest(word)
        parts = self._parts(word)
        if parts and (not nearest or OSA.distance(word, nearest) > 1):
            return " ".join(parts)
        return nearest

    def _nearest(self, word: str) -> str | None:
        reach = 1 if len(word) < LONG else 2
        candidates = [
            (distance, one[0] != word[0], -self._documents[one], one)
            for length in range(len(word) - reach, len(word) + reach + 1)
            for one in self._by_length.get(length, ())
            if (distance := OSA.distance(word, one, score_cutoff=reach)) <= reach
        ]
        if any(_differs_at_the_start(word, one[3]) for one in candidates) and self._ends_compounds(word):
            candidates = [one for one in candidates if not _differs_at_the_start(word, one[3])]
        return min(candidates)[3] if candidates else None

    def _ends_compounds(self, word: str) -> bool:
        """Whether known words are made with it, as *Tunnelzelt* is with *Zelt*: then its first letter is no slip.

        What ends with a longer known word is made with that: *greenhouse* says nothing of *ouse*.
        """
        backwards = word[::-1]
        start = bisect_left(self._backwards, backwards)
        found = 0
        for other in self._backwards[start : start + MAX_COMPOUNDS]:
            if not other.startswith(backwards):
                break
            ends = range(len(word) + 1, len(other))
            found += len(other) >= len(word) + MIN_LETTERS and not any(other[:n][::-1] in self for n in ends)
            if found == ENOUGH_COMPOUNDS:
                return True
        return False

    def _parts(self, word: str) -> tuple[str, str] | None:
        """Two known words in a row, written as one; those whose rarer half is most frequent."""
        cuts = ((word[:n], word[n:]) for n in range(MIN_LETTERS, len(word) - MIN_LETTERS + 1))
        known = [cut for cut in cuts if cut[0] in self and cut[1] in self]
        return max(known, key=lambda cut: (min(map(self._documents.__getitem__, cut)), cut), default=None)


def _differs_at_the_start(word: str, other: str) -> bool:
    """Whether the words are the same but for a first letter that is another, missing or added."""
    return (word != other and other[1:] in (word[1:], word)) or other == word[1:]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a query with unknown words was read.

    `text` has each of them corrected or completed; `suggestion` is the typed query with corrections only, None
    without any. `completions` are what the last word may be the beginning of.
    """

    text: str
    suggestion: str | None = None
    completions: tuple[str, ...] = ()


def read_unknown(
    typed: str, text: str, unknown: Sequence[str], vocabulary: Vocabulary, is_word: Callable[[str], bool]
) -> Reading | None:
    """Reads the query's `text`, of which the words `unknown`, as typed, are in no item. None where none helps.

    `typed` is the whole query with its quotes and exclusions, which a suggestion keeps. What `is_word` says is a word
    of the language is no slip, and is only completed.
    """
    last = text.rsplit(maxsplit=1)[-1] if text.split() else ""
    completions: list[str] = []
    suggestion = typed
    for word in unknown:
        if word == last and typed.endswith(last):
            completions = vocabulary.completions(word.lower())
            if completions:
                text = f"{text[: -len(word)]}{completions[0]}"
                continue
        if is_word(word):
            continue
        if correction := vocabulary.correction(word.lower()):
            text, suggestion = (_replaced(one, word, correction) for one in (text, suggestion))
    if text == "" or (suggestion == typed and not completions):
        return None
    return Reading(text, None if suggestion == typed else suggestion, tuple(completions))


def _replaced(text: str, word: str, other: str) -> str:
    """Puts `other` wherever the word stands alone."""
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: other, text)
