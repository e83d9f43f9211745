"""Reading what was typed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.query.parsing import (
    MAX_IDENTIFIERS,
    ParsedQuery,
    identifiers_in,
    normalize_identifier,
    parse_query,
)

TYPED = st.text(alphabet=st.sampled_from("ab1 \"-\\%{}'é漢😀\t\x00"), max_size=40) | st.text(max_size=60)


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("warm tent", ParsedQuery("warm tent")),
        ('"cast iron" pan', ParsedQuery("cast iron pan", ("cast iron",))),
        ("pan -iron", ParsedQuery("pan", (), ("iron",))),
        ('pan -"cast iron" -lid', ParsedQuery("pan", (), ("cast iron", "lid"))),
        ("wi-fi well-known", ParsedQuery("wi-fi well-known")),
        ('10" pan 12" lid', ParsedQuery("10 pan 12 lid")),
        ('"open end', ParsedQuery("open end")),
        ('"" tent', ParsedQuery("tent")),
        ('"cast iron"pan', ParsedQuery("cast iron pan", ("cast iron",))),
        ('"cast iron", pan', ParsedQuery("cast iron , pan", ("cast iron",))),
        ("-tent", ParsedQuery("", (), ("tent",))),
        (
            '"cast iron" pan for a hob of gas',
            ParsedQuery("cast iron pan for a hob of gas", (), (), ("cast iron",)),
        ),
        ('"cast iron" pan for my hob', ParsedQuery("cast iron pan for my hob", ("cast iron",))),
        (
            "a b c d e f g h i j k l m n o - p -5 below -tent",
            ParsedQuery("a b c d e f g h i j k l m n o - p 5 below tent"),
        ),
        ("  \t ", ParsedQuery("")),
        ("a\x00b", ParsedQuery("a b")),
    ],
)
def test_what_is_typed_is_read_as_words_phrases_and_exclusions(typed: str, parsed: ParsedQuery) -> None:
    assert parse_query(typed) == parsed


@given(TYPED)
def test_nothing_typed_is_an_error_or_keeps_a_nul(typed: str) -> None:
    parsed = parse_query(typed)
    assert "\x00" not in parsed.text + "".join(parsed.phrases + parsed.excluded)
    assert all(part.strip() == part != "" for part in (*parsed.phrases, *parsed.excluded))


@given(TYPED)
def test_every_letter_typed_is_either_wanted_or_excluded(typed: str) -> None:
    parsed = parse_query(typed)
    kept = "".join(re.findall(r"\w", " ".join((parsed.text, *parsed.excluded))))
    assert sorted(kept) == sorted("".join(re.findall(r"\w", typed)))


@given(st.lists(st.text(alphabet="abc1é-", min_size=1), max_size=6).filter(lambda ws: not any(w[0] == "-" for w in ws)))
def test_plain_words_are_wanted_as_typed(words: list[str]) -> None:
    assert parse_query(" ".join(words)) == ParsedQuery(" ".join(words))


@given(st.text(max_size=30))
def test_normalising_an_identifier_twice_changes_nothing_more(identifier: str) -> None:
    once = normalize_identifier(identifier)
    assert normalize_identifier(once) == once


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TN-2044", {"tn2044"}),
        ("tn 2044", {"tn2044"}),
        ("tent TN 2044 green", {"tn2044"}),
        ("978-3-16-148410-0", {"9783161484100"}),
        ("NRD-TN2-4410", {"nrdtn24410"}),
    ],
)
def test_identifiers_are_found_however_they_are_spaced(text: str, found: set[str]) -> None:
    assert found <= {normalize_identifier(one) for one in identifiers_in(text)}


def test_words_without_a_digit_are_no_part_identifiers() -> None:
    assert identifiers_in("green tent") == ["green tent"]


@given(st.text(max_size=300))
def test_the_identifiers_of_a_query_are_bounded_distinct_and_never_empty(text: str) -> None:
    normalised = [normalize_identifier(one) for one in identifiers_in(text)]
    assert len(normalised) <= MAX_IDENTIFIERS
    assert all(normalised) and len(set(normalised)) == len(normalised)


@given(st.lists(st.sampled_from(["tn", "2044", "tent", "a", "x9", "4-4", "green", "nrd-"]), max_size=12))
def test_every_run_of_neighbouring_words_that_mixes_letters_and_digits_may_be_an_identifier(words: list[str]) -> None:
    runs = ("".join(words[at : at + size]) for size in range(1, 5) for at in range(len(words) - size + 1))
    wanted = dict.fromkeys(normalize_identifier(run) for run in runs)
    mixed = [one for one in wanted if len(one) >= 4 and re.search(r"\d", one) and re.search(r"[a-z]", one)]
    found = [normalize_identifier(one) for one in identifiers_in(" ".join(words))]
    assert set(mixed) <= set(found) or len(found) == MAX_IDENTIFIERS


@given(st.lists(st.sampled_from(["tent", "-tent", "-", "--", "--red", "a-b", "\x00", "-\x00"]), max_size=25))
def test_a_query_reads_the_same_with_and_without_quotes_after_it(words: list[str]) -> None:
    plain, quoted = parse_query(" ".join(words)), parse_query(" ".join([*words, '-"x"']))
    assert plain.text == quoted.text.removesuffix("x").rstrip()
    assert plain.excluded == tuple(one for one in quoted.excluded if one != "x")
