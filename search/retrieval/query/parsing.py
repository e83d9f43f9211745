"""Reading what was typed: wanted text, quoted phrases, excluded words, identifiers. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_IDENTIFIER_TOKENS = 4  # neighbouring words that may be one identifier typed with spaces
MAX_IDENTIFIERS = 32
MIN_PARTIAL_LENGTH = 4  # characters of an identifier that is only a part of the query

_TOKEN = re.compile(r'(?:(?<!\S)|(?<="))(?P<minus>-?)(?:"(?P<phrase>[^"]+)"|(?P<word>\S+))')
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What a query asks for. `text` is everything wanted, phrases included: what is encoded and ranked."""

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def parse_query(typed: str) -> ParsedQuery:
    """Reads `"a phrase"` as a phrase and `-word` or `-"a phrase"` as an exclusion; nothing is an error."""
    wanted: list[str] = []
    phrases: list[str] = []
    excluded: list[str] = []
    for token in _TOKEN.finditer(typed.replace("\x00", " ")):
        text = (token["phrase"] or token["word"]).strip('"').strip()
        if not text:
            continue
        if token["minus"]:
            excluded.append(text)
            continue
        wanted.append(text)
        if token["phrase"]:
            phrases.append(text)
    return ParsedQuery(" ".join(wanted), tuple(phrases), tuple(excluded))


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
