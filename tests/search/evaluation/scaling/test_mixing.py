"""A mixed item is half of each, and its parts point to their own text."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation.scaling.mixing import Part, Text, mix

EAST = np.array([1.0, 0.0], dtype=np.float32)
NORTH = np.array([0.0, 1.0], dtype=np.float32)
WORDS = st.lists(st.sampled_from(["tent", "für", "lamp,", "暖", "a"]), max_size=12).map(" ".join)


def test_half_of_each_title_and_body() -> None:
    mixed = mix(Text("red tent", "light dry room", EAST), Text("blue camping lamp", "bright warm light", NORTH))
    assert (mixed.title, mixed.body) == ("red camping lamp", "light dry light")
    assert mixed.parts == ()


def test_the_vector_weighs_by_what_is_in_the_text() -> None:
    mixed = mix(Text("a", "one two three four", EAST), Text("b", "five six", NORTH))
    assert np.linalg.norm(mixed.whole) == pytest.approx(1.0)
    assert mixed.whole[0] > mixed.whole[1] > 0


def test_parts_keep_their_text_and_vector() -> None:
    first = Text("tent", "aaaa bbbb cccc dddd", EAST, (Part(0, 14, EAST), Part(15, 24, NORTH)))
    second = Text("lamp", "eeee ffff gggg hhhh", NORTH, (Part(0, 14, EAST), Part(15, 24, NORTH)))
    mixed = mix(first, second)
    text = f"{mixed.title}\n{mixed.body}"
    assert text == "tent lamp\naaaa bbbb gggg hhhh"
    assert [(text[part.start : part.end], float(part.vector[1])) for part in mixed.parts] == [
        ("tent lamp\naaaa bbbb", 0.0),
        ("gggg hhhh", 1.0),
    ]


@st.composite
def long_texts(draw: st.DrawFn) -> Text:
    title, body = draw(WORDS), draw(WORDS)
    length = len(title) + 1 + len(body)
    cuts = sorted({0, length, *draw(st.lists(st.integers(0, length), max_size=4))})
    parts = tuple(Part(start, end, EAST) for start, end in pairwise(cuts))
    return Text(title, body, EAST, parts)


@given(long_texts(), long_texts())
def test_no_part_is_empty_or_leaves_the_text(first: Text, second: Text) -> None:
    mixed = mix(first, second)
    length = len(mixed.title) + 1 + len(mixed.body)
    assert all(0 <= part.start < part.end <= length for part in mixed.parts)
    assert [part.start for part in mixed.parts] == sorted(part.start for part in mixed.parts)
