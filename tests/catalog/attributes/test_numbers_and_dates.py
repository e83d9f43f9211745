"""Numbers and dates as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.attributes.dates import read_date
from catalog.attributes.numbers import read_number


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("79,50", ".", 79.5), ("79.50", ",", 79.5), ("1,234", ".", 1234), ("1,234", ",", 1.234), ("1.234", ",", 1234),
        ("1.234,56", ".", 1234.56), ("1,234.56", ",", 1234.56), ("1 234,5", ".", 1234.5), ("1'234", ".", 1234),
        ("€ 12", ".", 12), ("-€5", ".", -5), ("12 EUR", ".", 12), ("10,000,000", ".", 10_000_000),
        ("0,125", ".", 0.125),
    ],
)  # fmt: skip
def test_numbers_are_read_in_the_spellings_of_several_countries(text: str, decimal: Any, number: float) -> None:
    assert read_number(text, decimal) == number


@pytest.mark.parametrize("text", ["", "abc", "1,2,3", "1.2.3", "12 kg", "NaN", "inf", "1_0", "--5", "1,23,456"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        read_number(text)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2024-05-01", "", "2024-05-01"), ("2024/5/1", "", "2024-05-01"), ("1.2.2024", "", "2024-02-01"),
        ("31/12/2024", "", "2024-12-31"), ("12/31/2024", "", "2024-12-31"), ("03/04/2024", "dmy", "2024-04-03"),
        ("03/04/2024", "mdy", "2024-03-04"), ("May 3, 2021", "", "2021-05-03"), ("3 May 2021", "", "2021-05-03"),
        ("2024-05-01 10:00", "", "2024-05-01T10:00:00"), ("2024-05-01T00:00:00", "", "2024-05-01"),
        ("2024", "", "2024"),
    ],
)  # fmt: skip
def test_dates_are_read_into_iso(text: str, order: Any, day: str) -> None:
    assert read_date(text, order) == day


@pytest.mark.parametrize(
    ("text", "order", "reason"),
    [
        ("03/04/2024", "", "may be day/month or month/day"), ("31/12/2024", "mdy", "not a date"),
        ("2024-02-30", "", "not a date"), ("soon", "", "not a date"), ("1.2.24", "", "not a date"),
    ],
)  # fmt: skip
def test_what_is_no_date_or_may_be_two_is_refused(text: str, order: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_date(text, order)
