"""Reading what was typed: wanted text, quoted phrases, excluded words, identifiers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

MAX_WORDS_BESIDE_PHRASE = 5  # with more around it, a phrase in quotes is part of a running text
MAX_WORDS_BESIDE_EXCLUSION = 15  # with more around it, a dash before a word is no exclusion
MAX_IDENTIFIER_TOKENS = 4  # neighbouring words that may be one identifier typed with spaces
MAX_IDENTIFIERS = 32
MAX_IDENTIFIER_LENGTH = 500  # characters typed that may be one identifier as a whole
MIN_PARTIAL_LENGTH = 4  # characters of an identifier that is only a part of the query

_TOKEN = re.compile(r'(?:(?<!\S)|(?<="))(?P<minus>-?)(?:"(?P<phrase>[^"]+)"|(?P<word>\S+))')
_DIGIT = re.compile(r"\d")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What a query asks for. `text` is everything wanted, phrases included: what is encoded and ranked.

    Every hit has the `phrases`; what has the `wishes` comes before what has not.
    """

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()


def parse_query(typed: str) -> ParsedQuery:
    """Reads `"a phrase"` as a phrase and `-word` or `-"a phrase"` as an exclusion; nothing is an error.

    In a running text neither is a command: a phrase is a wish there, and a dash is a dash.
    """
    tokens = [token for token in _tokens(typed.replace("\x00", " ")) if token.text]
    beside = sum(1 for token in tokens if not token.is_phrase and not token.is_excluded)
    is_excluding = beside <= MAX_WORDS_BESIDE_EXCLUSION
    wanted = [token for token in tokens if not (token.is_excluded and is_excluding)]
    excluded = [token.text for token in tokens if token.is_excluded and is_excluding]
    phrases = tuple(token.text for token in wanted if token.is_phrase)
    is_running_text = beside > MAX_WORDS_BESIDE_PHRASE
    return ParsedQuery(
        " ".join(token.text for token in wanted),
        () if is_running_text else phrases,
        tuple(excluded),
        phrases if is_running_text else (),
    )


class _Token(NamedTuple):
    """A word or a phrase as typed, without its marks."""

    text: str
    is_phrase: bool
    is_excluded: bool

    @classmethod
    def of(cls, match: re.Match[str]) -> _Token:
        minus, phrase, word = match.groups()
        return cls((phrase or word).strip('"').strip(), bool(phrase), bool(minus))


def _tokens(typed: str) -> Iterable[_Token]:
    if '"' in typed:
        return map(_Token.of, _TOKEN.finditer(typed))
    words = ((word, word[0] == "-" and len(word) > 1) for word in typed.split())  # the same, sooner
    return (_Token(word[1:] if is_excluded else word, False, is_excluded) for word, is_excluded in words)


def normalize_identifier(identifier: str) -> str:
    """Letters and digits alone, in lower case. What is compared is normalised by PostgreSQL, this only chooses."""
    return _NOT_ALPHANUMERIC.sub("", identifier).lower()


def identifiers_in(text: str) -> list[str]:
    """What in the text may be an identifier, as typed: all of it, or words that mix letters and digits."""
    words = text.split()
    found = {normalize_identifier(text): text} if len(text) <= MAX_IDENTIFIER_LENGTH else {}
    starts = _starts_near_digits(words)
    for size in range(1, MAX_IDENTIFIER_TOKENS + 1):
        for start in starts:
            typed = "".join(words[start : start + size])
            candidate = normalize_identifier(typed)
            if start + size <= len(words) and len(candidate) >= MIN_PARTIAL_LENGTH and _mixes(candidate):
                found.setdefault(candidate, typed)
        if len(found) >= MAX_IDENTIFIERS:
            break
    return [typed for candidate, typed in found.items() if candidate][:MAX_IDENTIFIERS]


def _starts_near_digits(words: list[str]) -> list[int]:
    """Where neighbouring words may begin of which one has a digit: the others cannot mix both."""
    near = {
        start
        for at, word in enumerate(words)
        if _DIGIT.search(word)
        for start in range(max(at - MAX_IDENTIFIER_TOKENS + 1, 0), at + 1)
    }
    return sorted(near)


def _mixes(candidate: str) -> bool:
    return bool(_DIGIT.search(candidate)) and any(character.isalpha() for character in candidate)
