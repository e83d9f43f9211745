"""The piece of an item's text that shows why it was found."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from search.retrieval.answer.snippets import SNIPPET_LENGTH, body_snippet, marks_of, title_snippet
from search.retrieval.types import Snippet

FILLER = "Nothing of interest stands in this sentence at all. " * 12
BODIES = st.lists(
    st.sampled_from(
        ["tent", "Tents", "stove", "warm", "<b>", "&amp;", "漢字", "😀", "a-tent", "\n", "\t", "x" * 90, "don't"]
    ),
    max_size=120,
).flatmap(lambda words: st.sampled_from([" ", "  ", "\n"]).map(lambda gap: gap.join(words)))


def marked(snippet: Snippet) -> list[str]:
    return [snippet.text[start:end] for start, end in snippet.marks]


def test_words_are_marked_by_their_stem() -> None:
    assert marks_of("Tents for camping, a tent", {"tent", "camp"}, "english") == [(0, 5), (10, 17), (21, 25)]


def test_without_stemming_only_the_word_itself_is_marked() -> None:
    assert marked(title_snippet("tent TENT tents", {"tent"}, "simple")) == ["tent", "TENT"]


def test_german_words_are_marked_by_their_german_stem() -> None:
    assert marked(title_snippet("Zwei Zelte und ein Zelt", {"zelt"}, "german")) == ["Zelte", "Zelt"]


def test_a_short_body_is_shown_whole() -> None:
    snippet = body_snippet("A light tent\nfor two.", {"tent": 1.0}, "english")
    assert snippet == Snippet("A light tent for two.", ((8, 12),))


def test_the_window_moves_to_the_marked_word_and_dots_show_what_is_left_out() -> None:
    snippet = body_snippet(FILLER + "Here is a porch. " + FILLER, {"porch": 1.0}, "english")
    assert marked(snippet) == ["porch"]
    assert snippet.text.startswith("… ") and snippet.text.endswith(" …")


def test_the_window_prefers_the_heavier_words() -> None:
    body = "A tent. " + FILLER + "A porch with a window. " + FILLER
    snippet = body_snippet(body, {"tent": 0.5, "porch": 2.0, "window": 2.0}, "english")
    assert marked(snippet) == ["porch", "window"]


def test_without_a_marked_word_the_best_passage_is_shown() -> None:
    body = FILLER + "The best sentence of all. " + FILLER
    start = body.index("The best")
    snippet = body_snippet(body, {}, "english", (start, start + 25))
    assert "best sentence" in snippet.text and snippet.marks == ()


def test_nothing_to_show_is_an_empty_snippet() -> None:
    assert body_snippet("", {"tent": 1.0}, "english") == Snippet("")


@settings(max_examples=200)
@given(BODIES, st.sets(st.sampled_from(["tent", "stove", "warm", "漢字", "x" * 90, "b", "amp"])), st.integers(0, 500))
def test_marks_lie_inside_the_text_in_order_and_apart_and_hold_words_of_the_query(
    body: str, lexemes: set[str], passage: int
) -> None:
    weights = dict.fromkeys(lexemes, 1.0)
    snippet = body_snippet(body, weights, "english", (min(passage, len(body)), len(body)))
    end = 0
    for mark_start, mark_end in snippet.marks:
        assert end <= mark_start < mark_end <= len(snippet.text)
        assert marks_of(snippet.text[mark_start:mark_end], lexemes, "english") == [(0, mark_end - mark_start)]
        end = mark_end
    assert len(snippet.text) <= SNIPPET_LENGTH + 100


@given(BODIES, st.sets(st.sampled_from(["tent", "stove", "warm"])))
def test_a_snippet_adds_no_markup_to_the_text(body: str, lexemes: set[str]) -> None:
    snippet = body_snippet(body, dict.fromkeys(lexemes, 1.0), "english")
    plain = re.sub(r"\s+", "", snippet.text.removeprefix("… ").removesuffix(" …"))
    assert plain in re.sub(r"\s+", "", body)


@given(BODIES)
def test_a_body_with_a_word_of_the_query_always_shows_a_mark(body: str) -> None:
    if marks_of(body, {"tent"}, "english"):
        assert body_snippet(body, {"tent": 1.0}, "english").marks
