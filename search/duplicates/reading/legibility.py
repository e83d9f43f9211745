"""What of a text can be read: an encoding that went wrong leaves characters that say nothing of the item."""

from __future__ import annotations

import re

# Signs of Latin-1 that are no letters; inside a word they come from another encoding. Quotes and degrees are in use.
_SIGNS = frozenset("¡¢£¤¥¦§¨©ª¬\u00ad®¯±²³´µ¶·¸¹º¼½¾¿×÷")
_LOST = frozenset("\ufffd□")
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_SUSPECT = re.compile("[\u0080-\u00ff\ufffd\ue000-\uf8ff□]|\\?\\?|\\?\\w")
_WORD = re.compile(r"\S+")
MOST = 0.5  # share of the characters of a word from which signs and accents are no spelling of any language
FEWEST = 3  # of them: short words such as the French "été" are mostly accents


def legible(text: str) -> str:
    """The text without the words that cannot be read; UTF-8 that was taken for Latin-1 is read as what it is."""
    if not _SUSPECT.search(text):
        return text
    mended = _mended(text) if _TWICE.search(text) else text
    return _WORD.sub(lambda word: "" if _is_broken(word[0]) else word[0], mended)


def _mended(text: str) -> str:
    whole = _as_utf8(text)
    if whole is not None:
        return whole
    return _WORD.sub(lambda word: _as_utf8(word[0]) or word[0], text)


def _as_utf8(text: str) -> str | None:
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode()
        except UnicodeError:
            continue
    return None


def _is_broken(word: str) -> bool:
    """Whether more of the word is left over from another encoding than can be read."""
    if any(sign in _LOST or "\u0080" <= sign <= "\u009f" or "\ue000" <= sign <= "\uf8ff" for sign in word):
        return True
    asked = word.count("?")
    if asked >= 2 and (2 * asked >= len(word) or asked - word.rstrip("?").count("?") < asked - 1):
        return True
    signs = sum(sign in _SIGNS for sign in word)
    accents = sum("\u00c0" <= sign <= "\u00ff" and sign not in _SIGNS for sign in word)
    share = (signs + accents) / len(word)
    return (signs + accents >= FEWEST and share > MOST) or (signs > 0 and accents > 0 and share >= 0.75)
