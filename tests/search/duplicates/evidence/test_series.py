"""Items made from one template are no duplicates, noisy copies of one thing are: pure, by example and by property."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.duplicates.comparing import word_counts
from search.duplicates.evidence.attributes import name_conflict
from search.duplicates.evidence.scorer import DEFAULT
from search.duplicates.evidence.table import Evidence, told_apart
from search.duplicates.evidence.terms import compare
from search.duplicates.reading.marks import marks_of_item, parts_of_name
from search.duplicates.reading.profile import prepare
from search.duplicates.reading.words import WordStatistics

LANGUAGES = """
    Hungarian Norwegian Danish Polish Greek Turkish Finnish Italian French German Spanish Dutch Czech Swedish
    Portuguese Japanese Korean Chinese Russian Latvian
"""
FAMILY = [
    {
        "title": f"{language} pages of the manual",
        "body": f"The reference pages for users and programmers, translated to {language} by volunteers.",
        "attributes": {"package": f"manpages-{language[:4].lower()}", "section": "doc", "priority": "optional"},
    }
    for language in LANGUAGES.split()
]
COPIES = [
    {"title": title, "body": body, "attributes": {"section": "paper", "priority": "optional"}}
    for title, body in [
        ("Learning to classify text with few labels", "A. Rivers and J. Stone, Journal of Tidal Computing, 1998."),
        ("Learning to clasify text with few labels", "Rivers, A., Stone, J.: J. of Tidal Computing (1998)"),
        ("learning to classify texts with few labels.", "a. rivers, j. stone. journal of tidal computing 12"),
        ("Learning to classify text with a few labels", "A. Rivers & J. Stone. In: Journal of Tidal Comp., 1998"),
        ("Learning to classify text", "A. Rivers, J. Stone, Journal of Tidal Computing, volume 12, 1998"),
        ("Learning to classify text with few labels", "Alma Rivers, John Stone. Journal of Tidal Computing."),
    ]
]
OTHERS = [
    {"title": f"A {noun} of {stuff}", "body": f"Made of {stuff} for the {place}, number {n}.", "attributes": {}}
    for n, (noun, stuff, place) in enumerate(
        (noun, stuff, place)
        for noun in ("lamp", "rope", "stove", "kettle", "ladder")
        for stuff in ("wood", "iron", "glass", "clay", "wool", "horn")
        for place in ("kitchen", "harbour", "school", "garden")
    )
]


def evidence_on(items: Sequence[dict[str, Any]], among: Sequence[dict[str, Any]]) -> list[Evidence]:
    """On every pair of `items`, with the words counted over them and `among`."""
    counted = word_counts.count(
        {*word_counts.words_of_item(one["title"], one["body"]), *marks_of_item(**one)} for one in [*items, *among]
    )
    profiles = [prepare(one["title"], one["body"], one["attributes"], counted) for one in items]
    return [compare(left, right, 0.9) for left, right in combinations(profiles, 2)]


def test_twenty_items_made_from_one_template_are_told_apart() -> None:
    found = evidence_on(FAMILY, [*COPIES, *OTHERS])
    assert max(map(DEFAULT.log_odds, found)) < 0
    assert min(map(told_apart, found)) > 0.3


def test_noisy_copies_of_one_thing_are_not() -> None:
    found = evidence_on(COPIES, [*FAMILY, *OTHERS])
    assert max(map(told_apart, found)) < 0.1
    assert sum(DEFAULT.log_odds(one) > 0 for one in found) > len(found) / 2


def test_to_agree_in_what_everybody_has_says_nothing() -> None:
    items = [{"title": f"Thing {n}", "body": "", "attributes": {"priority": "optional"}} for n in range(50)]
    rare = [{"title": f"Box {n}", "body": "", "attributes": {"priority": "urgent"}} for n in range(2)]
    assert evidence_on(items[:2], [*items[2:], *rare])[0].attributes < 0.02
    assert evidence_on(rare, items)[0].attributes == pytest.approx(0.5)


def test_a_number_or_code_that_everybody_has_says_little() -> None:
    everybody = [{"title": f"Module {n} for mp3player2", "body": "2500 ml", "attributes": {}} for n in range(60)]
    common = evidence_on(everybody[:2], everybody[2:])[0]
    rare = evidence_on(everybody[:2], OTHERS)[0]
    assert common.code < rare.code / 3
    assert common.quantities < rare.quantities / 3


def named(name: str, *others: str) -> dict[str, bool]:
    """The parts of a name, and whether they are in `others`."""
    known = {part for other in others for part in parts_of_name(other)}
    return {part: part in known for part in parts_of_name(name)}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("gcc-11-doc", "gcc-12-doc", 1.0),
        ("gcc-11-doc", "gcc-11-dev", 1.0),
        ("tool", "tool-doc", 1.0),
        ("libfoo-java", "libbar-java", 1.0),  # words say something though no other name has them
        ("pass-extension-otp", "libgmm-dev", 1.0),
        ("trn-day-2201", "th2022-frn", 0.0),  # serial numbers of two shops
        ("trn-day-2201", "trn-day-7733", 0.0),
        ("blue-tent", "blue-tent-2", 0.0),  # the name was taken
        ("gcc-doc", "gcc-11-doc", 1.0),
        ("gcc-11-doc", "gcc-11-doc", 0.0),
    ],
)
def test_names_of_one_scheme_conflict_and_serial_numbers_do_not(left: str, right: str, expected: float) -> None:
    known = ("gcc-11-dev", "gcc-12-doc", "x-2-y")
    found = name_conflict(named(left, *known), named(right, *known))
    assert (found if left != right else 0.0) == expected


def test_one_text_under_two_serial_numbers_stays_a_duplicate() -> None:
    text = {"title": "Scree 22 hiking daypack", "body": "Room for lunch and a jacket. A mesh back keeps the shirt dry."}
    entered_twice = [{**text, "attributes": {"sku": sku, "brand": "Tarn"}} for sku in ("TRN-DAY-2201", "TH2022-FRN")]
    assert DEFAULT.log_odds(evidence_on(entered_twice, OTHERS)[0]) > 2
    versions = [{**text, "attributes": {"sku": sku, "brand": "Tarn"}} for sku in ("daypack-red", "daypack-black")]
    assert DEFAULT.log_odds(evidence_on(versions, OTHERS)[0]) < 0


def test_a_misspelling_is_rarer_than_the_word_and_two_words_in_use_are_two() -> None:
    def between(one: str, other: str, statistics: WordStatistics) -> float:
        profiles = [prepare(f"{word} pages of the manual", "for users", {}, statistics) for word in (one, other)]
        return compare(profiles[0], profiles[1], 0.9).template

    both_in_use = WordStatistics(1000, {"slovak": 40, "slovac": 30, "manual": 50, "page": 60, "user": 90})
    misspelt = WordStatistics(1000, {"slovak": 40, "manual": 50, "page": 60, "user": 90})
    assert between("slovak", "slovac", both_in_use) > 0.2
    assert between("slovak", "slovac", misspelt) == 0


@given(st.integers(0, 500), st.integers(2, 500))
def test_rarity_is_a_share_and_falls_with_the_number_of_items(count: int, documents: int) -> None:
    rarities = [WordStatistics(documents, {"x": n}).rarity("x") for n in (min(count, documents), documents)]
    assert 0 <= rarities[1] <= rarities[0] <= 1


@given(
    st.text(max_size=40), st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3)
)
def test_whatever_the_item_its_marks_are_no_words(title: str, body: str, attributes: dict[str, str]) -> None:
    marks = set(marks_of_item(title, body, attributes))
    assert not marks & set(word_counts.words_of_item(title, body))
