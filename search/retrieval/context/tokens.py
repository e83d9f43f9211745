"""How many tokens a text may take. Pure.

Each language model counts in its own way, and none can be asked. The estimate is on the careful side for English, and
counts scripts whose letters take more than one token each accordingly.
"""

from __future__ import annotations

import re
from typing import Final

WIDE: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"  # a letter is a word, or nearly
PIECE: Final = re.compile(
    rf"(?P<wide>[{WIDE}])|(?P<digits>\d+)|(?P<word>(?:(?![{WIDE}])[^\W\d_])+)|(?P<mark>[^\w\s]|_)|(?P<line>\n+)"
)
WIDE_TOKENS: Final = 2
DIGITS_OF_TOKEN: Final = 3
LETTERS_OF_TOKEN: Final = 4
OTHER_LETTERS_OF_TOKEN: Final = 2  # outside ASCII


def tokens_of(text: str) -> int:
    """The sum over the text's pieces, so that texts which are put together cost what each costs."""
    return sum(_cost(match) for match in PIECE.finditer(text))


def cut_at(text: str, tokens: int) -> int:
    """How many characters of the text fit; whole words."""
    end = 0
    for match in PIECE.finditer(text):
        tokens -= _cost(match)
        if tokens < 0:
            break
        end = match.end()
    return end


def _cost(match: re.Match[str]) -> int:
    length = match.end() - match.start()
    match match.lastgroup:
        case "wide":
            return WIDE_TOKENS
        case "digits":
            return -(-length // DIGITS_OF_TOKEN)
        case "word":
            return -(-length // (LETTERS_OF_TOKEN if match[0].isascii() else OTHER_LETTERS_OF_TOKEN))
    return 1
