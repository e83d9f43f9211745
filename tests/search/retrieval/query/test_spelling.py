"""What unknown words are taken for, by the words a collection has."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from search.retrieval.query.spelling import Reading, Vocabulary, read_unknown

WORDS = {
    "sleeping": 40,
    "bag": 60,
    "bags": 9,
    "head": 20,
    "torch": 15,
    "touch": 3,
    "tunnel": 8,
    "tuna": 2,
    "lantern": 5,
}
VOCABULARY = Vocabulary(WORDS.items())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sleping", "sleeping"),
        ("slepeing", "sleeping"),
        ("lantren", "lantern"),
        ("torhc", "torch"),  # and not "touch", which is further
        ("headtorch", "head torch"),
        ("torches", None),
        ("zebra", None),
        ("bga", None),  # too short to tell
    ],
)
def test_a_word_is_corrected_to_the_nearest(typed: str, meant: str | None) -> None:
    assert VOCABULARY.correction(typed) == meant


def test_among_equally_near_words_the_most_frequent_wins() -> None:
    assert Vocabulary([("lamps", 2), ("lamb", 9), ("lamp", 30)]).correction("lamq") == "lamp"


def test_the_first_letter_is_rarely_wrong() -> None:
    assert Vocabulary([("table", 90), ("cable", 90), ("cabin", 1)]).correction("cabla") == "cable"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("zelt", None),  # two words are made with it, so it is one
        ("ouse", "house"),  # what ends so ends with a longer word
        ("lelt", "belt"),  # one word alone may be a name
    ],
)
def test_what_compounds_end_with_is_no_slip_of_the_first_letter(typed: str, meant: str | None) -> None:
    known = ["belt", "waistbelt", "tunnelzelt", "trekkingzelt", "house", "mouse", "greenhouse", "playhouse", "dormouse"]
    frequent = {"belt": 9, "house": 9}
    vocabulary = Vocabulary([(word, frequent.get(word, 1)) for word in [*known, "svalelt"]])
    assert vocabulary.correction(typed) == meant


def test_what_compounds_end_with_is_found_quickly_among_many_words() -> None:
    letters = string.ascii_lowercase[:16]
    many = ["".join(letters[(n >> shift) & 15] for shift in (0, 4, 8, 12)) + "ting" for n in range(60_000)]
    vocabulary = Vocabulary([(word, 1) for word in [*many, *(f"{letter}ting" for letter in letters)]])
    started = time.perf_counter()
    for _ in range(10):
        assert not vocabulary._ends_compounds("ting")  # all end with a longer word, so that none settles it
    assert (time.perf_counter() - started) / 10 < 0.002


def test_completions_are_the_most_frequent_first_and_longer_than_what_was_typed() -> None:
    assert VOCABULARY.completions("tun") == ["tunnel", "tuna"]
    assert VOCABULARY.completions("bag") == ["bags"]
    assert VOCABULARY.completions("tu") == VOCABULARY.completions("tunnels") == []


@given(st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=12))
def test_a_correction_is_near_or_two_words_that_make_it_up(word: str) -> None:
    found = VOCABULARY.correction(word)
    if found is not None:
        assert all(part in VOCABULARY for part in found.split())
        assert OSA.distance(word, found) <= 2


@pytest.mark.parametrize(
    ("typed", "text", "unknown", "reading"),
    [
        ("sleping bag", "sleping bag", ["sleping"], Reading("sleeping bag", "sleeping bag")),
        ('Sleping "bag" -wet', "Sleping bag", ["Sleping"], Reading("sleeping bag", 'sleeping "bag" -wet')),
        ("red tun", "red tun", ["tun"], Reading("red tunnel", None, ("tunnel", "tuna"))),
        ("tun red", "tun red", ["tun"], None),  # not the last word, and too short to correct
        ("zebra", "zebra", ["zebra"], None),
        ("lantren", "lantren", ["lantren"], None),  # taken for a word of the language
        ("", "", [], None),
    ],
)
def test_a_query_is_read_by_what_is_known(typed: str, text: str, unknown: list[str], reading: Reading | None) -> None:
    assert read_unknown(typed, text, unknown, VOCABULARY, {"lantren"}.__contains__) == reading
