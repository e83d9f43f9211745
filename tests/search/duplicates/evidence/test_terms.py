"""The evidence on a pair of items: pure, by example and by property."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.duplicates.evidence.explanation import LABELS, describe
from search.duplicates.evidence.scorer import DEFAULT, to_score
from search.duplicates.evidence.table import Evidence
from search.duplicates.evidence.terms import compare
from search.duplicates.reading.identifiers import are_siblings, codes_of
from search.duplicates.reading.profile import Profile, prepare
from search.duplicates.reading.words import WordStatistics
from search.quantities import conflicts, quantities_of, shared

WORDS = WordStatistics(1_000, {"tent": 40, "the": 900, "green": 60})
TEXTS = st.text(alphabet="abcdefgh 0123456789.,-/'\"éß×°", max_size=60)


def profile(title: str, body: str = "", **attributes: Any) -> Profile:
    return prepare(title, body, attributes, WORDS)


def evidence(left: Profile, right: Profile, cosine: float = 0.8) -> Evidence:
    return compare(left, right, cosine)


def score(left: Profile, right: Profile, cosine: float = 0.8) -> float:
    return to_score(DEFAULT.log_odds(evidence(left, right, cosine)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("12 in", "30.5 cm"),
        ("2 lb", "907 g"),
        ("1.5 l", "1500 ml"),
        ("6 lb 8 oz", "2948 g"),
        ("10,000 mah", "10 ah"),
        ("5 1/2 inch", "14 cm"),
        ("0,75 l", "75 cl"),
    ],
)
def test_the_same_measure_in_two_units_is_shared(left: str, right: str) -> None:
    ours, theirs = quantities_of(left), quantities_of(right)
    assert shared(ours, theirs) == list(ours)
    assert conflicts(ours, theirs) == []


def test_different_measures_of_one_dimension_conflict() -> None:
    assert conflicts(quantities_of("tent 2 kg 40 l"), quantities_of("tent 2 kg 60 l")) == ["volume"]


@pytest.mark.parametrize(
    ("text", "millilitres"), [("2 gallons", 7570), ("2 us gal", 7570), ("2 imperial gallons", 9092)]
)
def test_a_gallon_is_american_unless_it_says_imperial(text: str, millilitres: float) -> None:
    assert quantities_of(f"a can of {text}") == (("volume", millilitres),)


def test_an_imperial_pint_is_no_american_pint() -> None:
    assert conflicts(quantities_of("1 imperial pint"), quantities_of("1 pint")) == ["volume"]
    assert shared(quantities_of("20 uk fl oz"), quantities_of("1 imp. pint"))


def test_codes_are_read_with_and_without_joints() -> None:
    assert codes_of("panasonic kx-tg6700b phone 2019 50mm") == {"kxtg6700b"}
    assert are_siblings("nrdtn24410", "nrdtn24411")
    assert not are_siblings("nrdtn24410", "nrdtn24410")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (
            {"title": "Scree 22 hiking daypack", "colours": ["red"]},
            {"title": "Scree 22 hiking daypack", "colours": ["blue"]},
        ),
        ({"title": "Merino shirt for men", "size": "M"}, {"title": "Merino shirt for men", "size": "XL"}),
        ({"title": "Squall tent 2 person 40 l"}, {"title": "Squall tent 2 person 60 l"}),
        ({"title": "Sun cream SPF 50, 50 ml"}, {"title": "Sun cream SPF 30, 50 ml"}),
    ],
)
def test_twins_that_differ_in_what_tells_variants_apart_score_lower(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    one, other = ({k: v for k, v in item.items() if k != "title"} for item in (left, right))
    ours, theirs = profile(str(left["title"]), **one), profile(str(right["title"]), **other)
    assert score(ours, theirs, 0.95) < score(ours, ours, 0.95) / 2


def test_the_same_text_in_other_letters_is_the_same_text() -> None:
    found = evidence(profile("Café-Press, 1 L", "Good."), profile("CAFE PRESS 1 L", "good"))
    assert found.same_text == 1.0


def test_identifiers_in_common_say_the_same_thing() -> None:
    left = prepare("One name", "", {}, WORDS, frozenset({"4006381333931"}))
    right = prepare("Another name", "", {}, WORDS, frozenset({"4006381333931"}))
    assert evidence(left, right).same_identifier == 1.0


@given(st.text("0123456789.,-/ xin'\"kgml", max_size=30))
def test_whatever_looks_like_a_number_can_be_read(text: str) -> None:
    assert all(isinstance(value, float) for _, value in quantities_of(text))


def test_addresses_are_no_reason_to_stop() -> None:
    assert quantities_of("169.254.0 and 169.254.1.0 and 1,234.5")[-1] == ("", 1234.5)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_evidence_is_the_same_both_ways_round_and_within_bounds(a: str, b: str, c: str, d: str) -> None:
    left, right = profile(a, b), profile(c, d)
    found, reverse = asdict(evidence(left, right)), asdict(evidence(right, left))
    for name, value in found.items():
        assert -1e-9 <= value <= 1 + 1e-9, name
        if name not in {"title_words", "words", "words_contained", "title_contained", "twin", "variant"}:
            assert value == pytest.approx(reverse[name]), name


@given(TEXTS)
def test_nothing_speaks_against_an_item_being_itself(text: str) -> None:
    own = profile(text, text)
    found = evidence(own, own, 1.0)
    assert found.same_text == 1.0
    against = [name for name, weight in DEFAULT.weights.items() if weight < 0 and getattr(found, name) > 1e-9]
    assert against == []


def test_every_term_has_a_weight_and_a_label() -> None:
    assert set(DEFAULT.weights) == set(Evidence.__dataclass_fields__)
    assert set(DEFAULT.weights) <= LABELS.keys()


def test_contributions_and_the_intercept_add_up_to_the_score() -> None:
    found = evidence(profile("Dome tent 2 person", "Light and green."), profile("Dome tent for 2", "Green, light."))
    total = DEFAULT.intercept + sum(term["contribution"] for term in describe(found, DEFAULT))
    assert total == pytest.approx(DEFAULT.log_odds(found), abs=0.3)
