"""Queries cut from an item's own text, for which that item is the answer. Pure and deterministic."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from search.retrieval.answer.sentences import sentences_of

KINDS: Final = ("words", "misspelt", "sentence", "altered sentence", "paragraph", "identifier")
FEWEST, MOST = 2, 4  # words of a short query
SENTENCE = 6  # words at least
PARAGRAPH = 30
LONGEST_PARAGRAPH = 120  # words; the rest of it is left out
LONG_ENOUGH = 5  # letters of a word that is misspelt
LEFT_OUT, EXCHANGED = 0.2, 0.1  # of the words of an altered sentence, each

_WORD = re.compile(r"\w[\w'’.+-]*\w|\w")
_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class KnownItem:
    """What queries are cut from. `others` are words of other items, for those that are exchanged."""

    external_id: str
    title: str
    body: str
    identifier: str
    others: Sequence[str]


def queries_of(item: KnownItem) -> dict[str, str]:
    """A query of each kind that the item's text has enough words for."""
    draw = random.Random(item.external_id)
    title, sentences = words_of(item.title), _sentences(item.body)
    short = _run(draw, title if len(title) >= FEWEST else words_of(item.body))
    sentence = draw.choice(sentences) if sentences else []
    cut = {
        "words": short,
        "misspelt": _misspelt(draw, short),
        "sentence": sentence,
        "altered sentence": _altered(draw, sentence, item.others),
        "paragraph": _paragraph(item.body),
        "identifier": [item.identifier] if item.identifier else [],
    }
    return {kind: " ".join(words) for kind, words in cut.items() if words}


def words_of(text: str) -> list[str]:
    """The words as they are typed: without signs around them, with those inside."""
    return _WORD.findall(text)


def _run(draw: random.Random, words: list[str]) -> list[str]:
    if len(words) < FEWEST:
        return []
    length = min(draw.randint(FEWEST, MOST), len(words))
    start = draw.randint(0, len(words) - length)
    return words[start : start + length]


def _sentences(body: str) -> list[list[str]]:
    spans = sentences_of(body, 0, len(body), len(body))
    return [words for start, end in spans if len(words := words_of(body[start:end])) >= SENTENCE]


def _paragraph(body: str) -> list[str]:
    longest = max((words_of(part) for part in _BLANK_LINE.split(body)), key=len)
    return longest[:LONGEST_PARAGRAPH] if len(longest) >= PARAGRAPH else []


def _misspelt(draw: random.Random, words: list[str]) -> list[str]:
    """One of the longer words with two letters swapped, or a letter left out, doubled or exchanged."""
    long = [n for n, word in enumerate(words) if len(word) >= LONG_ENOUGH and word.isalpha()]
    if not long:
        return []
    place = draw.choice(long)
    return [*words[:place], _slip(draw, words[place]), *words[place + 1 :]]


def _slip(draw: random.Random, word: str) -> str:
    at = draw.randrange(1, len(word) - 1)
    before, letter, rest = word[:at], word[at], word[at + 1 :]
    exchanged = draw.choice([other for other in string.ascii_lowercase if other != letter])
    slips = [f"{before}{rest[0]}{letter}{rest[1:]}", before + rest, f"{before}{letter}{letter}{rest}"]
    slips.append(f"{before}{exchanged}{rest}")
    return draw.choice([slip for slip in slips if slip != word])


def _altered(draw: random.Random, words: list[str], others: Sequence[str]) -> list[str]:
    """Some of the words left out and some exchanged for other items' words; at least one of both together."""
    if not words or not others:
        return []
    kept = []
    for word in words:
        chance = draw.random()
        if chance >= LEFT_OUT + EXCHANGED:
            kept.append(word)
        elif chance >= LEFT_OUT:
            kept.append(draw.choice(others))
    return words[1:] if kept == words or not kept else kept
