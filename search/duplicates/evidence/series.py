"""Signs of a series: one text in which words of the title are exchanged, so that items are alike but not the same."""

from __future__ import annotations

import math

from search.duplicates.reading.profile import Profile, Weights
from search.duplicates.reading.words import is_variant

COPIED = 0.3  # of the words; below, texts are no copies of each other and exchanged words say nothing
SHORTEST_PART = 4  # letters of a word that may be part of another, as head of headlamp
FAMILY, ALONE = 3, 0.4  # items more that make a series certain, and the doubt where there are none
RARER = 1.4  # nats by which a misspelling is rarer than the word, unless
SEEN_ONCE = 0.8  # nats below the ceiling, that is, one other item at most has it


def compare_wording(left: Profile, right: Profile) -> tuple[float, float, float]:
    """How far the texts are one by their words, how far words of their titles were exchanged, and whether just one was.

    The last is evidence of its own, so that the exchange counts half beside it.
    Words count alike in the first: in a series it is the common words that are shared, and the rare ones that differ.
    """
    left_only, right_only = left.title.keys() - right.title.keys(), right.title.keys() - left.title.keys()
    common = len(left.words.keys() & right.words.keys())
    total = len(left.words) + len(right.words)
    # Exchanged words are not held against the copy: hence the bound, and no search where it stays low.
    bound = 2 * common / max(total - len(left_only) - len(right_only), 2 * common, 1)
    if not left_only or not right_only or (bound < COPIED and min(len(left_only), len(right_only)) > 2):
        return (2 * common / max(total, 1) if common else 0.0), 0.0, 0.0
    ours, theirs = _missing(left_only, left, right), _missing(right_only, right, left)
    exchanged = min(2 * min(sum(ours.values()), sum(theirs.values())) / left.ceiling, 1.0) * _family(left, right)
    copied = 2 * common / max(total - len(ours) - len(theirs), 2 * common, 1)
    is_substituted = len(ours) == len(theirs) == 1 and len(left.title) >= 4 and not is_variant(*ours, *theirs)
    return copied, exchanged * (0.5 if is_substituted else 1.0), float(is_substituted)


def _family(left: Profile, right: Profile) -> float:
    """Whether other items have the words that the titles share: a series of two is none yet."""
    rarest = max((left.title[word] for word in left.title.keys() & right.title.keys()), default=0.0)
    others = math.exp(left.ceiling - rarest) - 3  # items beside these two
    return max(min(others / FAMILY, 1.0), ALONE)


def _missing(words: set[str], left: Profile, right: Profile) -> Weights:
    """Those of the left title's `words` that the right title does not have in whatever spelling, by weight.

    A word that the rest of the right text has counts half.
    """
    others = right.title.keys() - left.title.keys()
    unseen = left.ceiling - SEEN_ONCE
    return {
        word: left.title[word] * (0.5 if word in right.words else 1.0)
        for word in words
        if not (len(word) >= SHORTEST_PART and word in right.squashed_title)
        and not any(_is_misspelt(word, left.title[word], other, right.title[other], unseen) for other in others)
    }


def _is_misspelt(word: str, weight: float, other: str, other_weight: float, unseen: float) -> bool:
    """Whether one may stand for the other; two alike words that are both in use are two words."""
    if word[0] != other[0] or (abs(weight - other_weight) < RARER and max(weight, other_weight) <= unseen):
        return False
    return is_variant(word, other)
