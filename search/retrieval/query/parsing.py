"""Reading what was typed: wanted text, quoted phrases, excluded words, identifiers. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_WORDS_BESIDE_PHRASE = 5  # with more around it, a phrase in quotes is part of a running text
MAX_WORDS_BESIDE_EXCLUSION = 15  # with more around it, a dash before a word is no exclusion
MAX_IDENTIFIER_TOKENS = 4  # neighbouring words that may be one identifier typed with spaces
MAX_IDENTIFIERS = 32
MIN_PARTIAL_LENGTH = 4  # characters of an identifier that is only a part of the query

_TOKEN = re.compile(r'(?:(?<!\S)|(?<="))(?P<minus>-?)(?:"(?P<phrase>[^"]+)"|(?P<word>\S+))')
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
    tokens = [_Token.of(match) for match in _TOKEN.finditer(typed.replace("\x00", " "))]
    tokens = [token for token in tokens if token.text]
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


@dataclass(frozen=True, slots=True)
class _Token:
    """A word or a phrase as typed, without its marks."""

    text: str
    is_phrase: bool
    is_excluded: bool

    @classmethod
    def of(cls, match: re.Match[str]) -> _Token:
        text = (match["phrase"] or match["word"]).strip('"').strip()
        return cls(text, bool(match["phrase"]), bool(match["minus"]))


def normalize_identifier(identifier: str) -> str:
    """Letters and digits alone, in lower case. What is compared is normalised by PostgreSQL, this only chooses."""
    return _NOT_ALPHANUMERIC.sub("", identifier).lower()


def identifiers_in(text: str) -> list[str]:
    """What in the text may be an identifier, as typed: all of it, or words that mix letters and digits."""
    words = text.split()
    found = {normalize_identifier(text): text}
    for size in range(1, MAX_IDENTIFIER_TOKENS + 1):
        for start in range(len(words) - size + 1):
            typed = "".join(words[start : start + size])
            candidate = normalize_identifier(typed)
            if len(candidate) >= MIN_PARTIAL_LENGTH and _mixes(candidate):
                found.setdefault(candidate, typed)
    return [typed for candidate, typed in found.items() if candidate][:MAX_IDENTIFIERS]


def _mixes(candidate: str) -> bool:
    has_digit = any(character.isdigit() for character in candidate)
    return has_digit and any(character.isalpha() for character in candidate)
