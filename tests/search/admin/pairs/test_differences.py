"""Marking what differs between two texts."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from search.admin.pairs.differences import compare_attributes, mark_differences, shown


def plain(html: str) -> str:
    text = html.replace('<mark class="akin-differs">', "").replace("</mark>", "")
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def test_words_that_the_other_has_not_are_marked() -> None:
    left, right = mark_differences("Tent for 2, red", "tent for 3, red")
    assert left == 'Tent for <mark class="akin-differs">2</mark>, red'
    assert right == 'tent for <mark class="akin-differs">3</mark>, red'


def test_a_number_is_marked_as_a_whole() -> None:
    left, right = mark_differences("28.5 g, 1,5 l", "28.9 g, 1,5 l")
    assert left == '<mark class="akin-differs">28.5</mark> g, 1,5 l'
    assert right == '<mark class="akin-differs">28.9</mark> g, 1,5 l'


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_is_lost_and_nothing_is_unescaped(left: str, right: str) -> None:
    marked = mark_differences(left, right)
    assert (plain(marked[0]), plain(marked[1])) == (left, right)
    assert not {"<", ">"} & set(marked[0].replace('<mark class="akin-differs">', "").replace("</mark>", ""))


def test_long_texts_are_cut_and_take_little_time() -> None:
    started = time.perf_counter()
    left, _ = mark_differences("a b " * 50_000, "b a c " * 30_000)
    assert left.endswith(" …")
    assert time.perf_counter() - started < 2


def test_attributes_that_differ_come_first() -> None:
    rows = compare_attributes({"a": 1, "b": [1, 2], "c": None}, {"a": 1, "b": [1, 3]})
    assert [(row.name, row.is_same) for row in rows] == [("b", False), ("a", True), ("c", True)]
    assert rows[0].right == '1, <mark class="akin-differs">3</mark>'


def test_values_are_shown_as_people_write_them() -> None:
    values = (None, 29.0, 28.5, 36, ["red", 2.0], True, 1e300)
    assert [shown(value) for value in values] == ["", "29", "28.5", "36", "red, 2", "True", "1e+300"]
