"""Texts cut into sentences, and the one a hit without any of the query's words is shown by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.embedding.encoders.registry import FakeEncoder
from search.retrieval.answer.sentences import sentences_of
from tests.factories import find, shop_of

TEXT = "The first is long enough. Is the second one, too? e.g. this is the third one! And a rest"


def pieces(text: str, start: int = 0, end: int | None = None, limit: int = 10) -> list[str]:
    return [text[a:b] for a, b in sentences_of(text, start, len(text) if end is None else end, limit)]


def test_sentences_end_with_their_marks_and_short_pieces_join_what_follows() -> None:
    assert pieces(TEXT) == [
        "The first is long enough. ",
        "Is the second one, too? ",
        "e.g. this is the third one! ",
        "And a rest",
    ]
    assert pieces("A list of these things:\n- the one of them\n- the other one") == [
        "A list of these things:\n",
        "- the one of them\n- the other one",
    ]


def test_only_the_passage_and_only_so_many() -> None:
    assert pieces(TEXT, start=26, limit=1) == ["Is the second one, too? "]
    assert pieces(TEXT, end=12) == ["The first is"]
    assert pieces("") == pieces(" \n ") == []


@given(st.text(alphabet="ab .!?\n-", max_size=200))
def test_sentences_follow_each_other_and_leave_nothing_but_blanks_out(text: str) -> None:
    spans = sentences_of(text, 0, len(text), 1_000)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert text[spans[-1][1] if spans else 0 :].strip() == ""
    assert (spans[0][0] if spans else 0) == 0


@pytest.mark.django_db
def test_a_hit_without_the_querys_words_shows_the_sentence_closest_in_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"{'This tells of something else altogether. ' * 7}Beds of feathers keep sleepers warm at night."
    shop = shop_of({"external_id": "duvet", "title": "Duvet", "body": body}, {"title": "Kettle", "body": "Boils."})
    encode = FakeEncoder.encode_query
    monkeypatch.setattr(
        FakeEncoder,
        "encode_query",
        lambda self, text: encode(self, text.replace("eiderdown", "feathers beds sleepers")),
    )
    snippet = find(shop, "eiderdown", mode="semantic", explain=True).hits[0].snippet
    assert snippet.text.startswith("… Beds of feathers") and snippet.marks == ()
    found = find(shop, "sleepers", mode="semantic", explain=True).hits[0].snippet
    assert found.marks != ()  # words of the query come before meaning


@pytest.mark.django_db
def test_long_pages_look_at_few_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [f"The lamp number {n} is red. It burns for {n} hours at night. Nobody knows why." for n in range(30)]
    shop = shop_of(*({"title": f"Lamp {n}", "body": body} for n, body in enumerate(bodies)))
    encoded: list[int] = []

    def count(space: object, vector: object, texts: Sequence[str]) -> None:
        encoded.append(len(texts))

    monkeypatch.setattr("search.retrieval.answer.hits.similarities", count)
    assert len(find(shop, "torch", mode="semantic", limit=30).hits) == 30
    assert encoded == []  # who asks for no reasons is not kept waiting for them
    assert len(find(shop, "torch", mode="semantic", limit=30, explain=True).hits) == 30
    assert encoded == [15]
