"""Cursors of the JSON API: where a list goes on, as a signed text that holds for the same question only."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
from django.core import signing

from catalog.errors import InvalidInput

MAX_CURSOR_LENGTH: Final = 500  # characters

_signer = signing.Signer(salt="akin.cursor")


def fingerprint(*parts: Any) -> str:
    """What a cursor belongs to: it holds for the same question only."""
    return hashlib.sha256(orjson.dumps(parts, default=str)).hexdigest()[:16]


def cursor_of(position: Any, question: str) -> str:
    """The opaque, signed form of a position in the answer to a question."""
    return _signer.sign_object([position, question])


def position_of(cursor: str, question: str) -> Any:
    """The position that `cursor_of` was given. Raises InvalidInput for any other text and for another question."""
    try:
        position, asked = _signer.unsign_object(cursor[: MAX_CURSOR_LENGTH + 1])
    except (signing.BadSignature, ValueError) as error:
        raise _refused("is not a cursor that this API gave; pass next_cursor unchanged") from error
    if asked != question:
        raise _refused("belongs to another question; pass it with the same parameters")
    return position


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(f"cursor: {reason}", [{"field": "cursor", "reason": reason}])
