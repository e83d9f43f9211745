"""Numbers with units are read from any text, and what only looks like a number is no number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Collection
from search.duplicates.comparing.scan import scan
from search.quantities import quantities_of, read_number
from tests.factories import find, shop_of

SCRIPT = st.text(alphabet="0123456789.,-/ \"'x×kgmlin°f٣²½", max_size=60)


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("1,234", 1234.0),
        ("1.234", 1234.0),
        ("1,234.5", 1234.5),
        ("12.5", 12.5),
        ("12,5", 12.5),
        ("-0.500", -0.5),
        (".5", 0.5),
        ("0.63.0", None),
        ("0,123,456", None),
        ("9" * 400, None),
    ],
)
def test_a_number_is_read_with_either_mark_and_a_version_is_none(digits: str, number: float | None) -> None:
    assert read_number(digits) == number


def test_numbers_beside_a_version_are_still_read() -> None:
    assert quantities_of("release 0.123.456 weighs 2 kg") == (("mass", 2000.0),)


@given(SCRIPT)
def test_any_text_is_read_to_finite_values(text: str) -> None:
    assert all(math.isfinite(value) for _, value in quantities_of(text))


@pytest.mark.parametrize("text", ["1 1/" + "3" * 5000, "9" * 5000 + " km", "1 " + "2" * 400 + "/3 kg"])
def test_endless_digits_count_nothing_and_break_nothing(text: str) -> None:
    assert all(value < 1e30 for _, value in quantities_of(text))


@pytest.fixture
def releases() -> Collection:
    return shop_of(
        {"external_id": "old", "title": "solar charger firmware 0.123.456"},
        {"external_id": "new", "title": "solar charger firmware 0,123,457"},
    )


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["above 0.63.0 euro", "firmware 0.123.456", "under " + "9" * 190])
def test_a_query_with_a_version_is_answered(releases: Collection, query: str) -> None:
    assert find(releases, query).hits


@pytest.mark.django_db
def test_items_that_name_versions_are_scanned(releases: Collection) -> None:
    assert scan(collection=releases) is not None
