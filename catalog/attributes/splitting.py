"""One text that holds several values."""

from __future__ import annotations

import re
from typing import Final

# 2,4 mm and a width of 2,4: a number with a decimal comma beside words. 36,37,38 are three.
DECIMAL_COMMA: Final = re.compile(r"(?<![\d,])\d+,\d+(?=\s*[^\W\d_])|(?<=[^\W\d_]\s)\d+,\d+(?![\d,])")
KEPT: Final = "\0"  # stands for such a comma meanwhile; no stored text has it


def split_text(text: str, separator: str) -> list[str]:
    """The values between the separators, without blanks around them and without empty ones."""
    if separator != ",":
        return [part.strip() for part in text.split(separator) if part.strip()]
    marked = DECIMAL_COMMA.sub(lambda number: number[0].replace(",", KEPT), text)
    return [part.strip().replace(KEPT, ",") for part in marked.split(",") if part.strip()]
