"""Two items into one that neither is: the first half of one text, the second of the other. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """A vector of the characters `start` to `end` (exclusive) of title, line break and body."""

    start: int
    end: int
    vector: Vector


@dataclass(frozen=True, slots=True)
class Text:
    """An item's text, its vector as a whole, and its parts where it is longer than one passage."""

    title: str
    body: str
    whole: Vector
    parts: tuple[Part, ...] = ()


def mix(first: Text, second: Text) -> Text:
    """Each gives half of its title's words and half of its body; the vectors weigh by what of each is in the text.

    A part keeps its own vector, which is of that very text but for where a half cuts through it.
    """
    title = " ".join((*_half(first.title, is_second=False), *_half(second.title, is_second=True)))
    head, tail = first.body[: _middle(first.body)].rstrip(), second.body[_middle(second.body) :].lstrip()
    body = f"{head} {tail}".strip()
    lengths = (max(len(head), 1), max(len(tail), 1))
    whole = _unit(lengths[0] * first.whole + lengths[1] * second.whole)
    if not first.parts and not second.parts:
        return Text(title, body, whole)
    turn = len(title) + 1 + len(head)
    opening = _moved(first, len(title) - len(first.title), 0, turn)
    length = len(title) + 1 + len(body)
    closing = _moved(second, length - len(f"{second.title}\n{second.body}"), turn, length)
    return Text(title, body, whole, (*opening, *closing))


def _half(title: str, *, is_second: bool) -> list[str]:
    """One word at least."""
    words = title.split()
    return words[len(words) // 2 :] if is_second else words[: (len(words) + 1) // 2]


def _middle(body: str) -> int:
    """The end of the word in the middle."""
    found = body.find(" ", len(body) // 2)
    return found if found >= 0 else len(body)


def _moved(text: Text, by: int, start: int, end: int) -> list[Part]:
    """What of the text's parts, moved by so many characters, lies from `start` to `end`; a whole text is one part."""
    parts = text.parts or (Part(0, len(text.title) + 1 + len(text.body), text.whole),)
    starts = [max(one.start + by, start) if one.start else start for one in parts]
    clipped = [Part(at, min(one.end + by, end), one.vector) for at, one in zip(starts, parts, strict=True)]
    return [one for one in clipped if one.start < one.end]


def _unit(vector: Vector) -> Vector:
    unit: Vector = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit
