"""Schemas found in rows."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.attributes.inference import Columns, Inferred
from catalog.attributes.types import TYPES
from catalog.schemas import AttributeDefinition

ISBNS = (
    "978-3-16-148410-0", "9780306406157", "9780140328721", "9780261103573", "9780553293357", "9780441013593",
    "9780441478125", "0-306-40615-2", "9780451524935", "9780679783268",
)  # fmt: skip


def infer(**columns: Any) -> Inferred:
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return Columns().add_all(rows).infer()


def inferred(values: Any, name: str = "column") -> dict[str, Any]:
    return infer(**{name: values}).definitions[name].model_dump(exclude_defaults=True, exclude={"separator"})


def test_every_type_of_the_schema_is_in_the_table() -> None:
    for name in TYPES:
        assert AttributeDefinition(type=name).type == name  # type: ignore[arg-type]
    assert set(TYPES) == set(AttributeDefinition.model_json_schema()["properties"]["type"]["enum"])


@pytest.mark.parametrize(
    ("values", "definition"),
    [
        (["12", "7.5", "9", "10", "3"], {"type": "number", "facet": True}),
        (["79,50", "8,95", "12,00", "1.299,00", "5"], {"type": "number", "facet": True, "decimal": ","}),
        (["1,299", "2,450", "79.50", "12", "8"], {"type": "number", "facet": True}),
        (["1979", "1981", "2001", "2003", "1966"], {"type": "number", "facet": True}),
        ([3, 4.5, 1, 2, 9], {"type": "number", "facet": True}),
        (["yes", "no", "yes", "yes", "no"], {"type": "boolean", "facet": True}),
        ([True, False, True, True, True], {"type": "boolean", "facet": True}),
        (["2024-01-31", "2023-02-01", "2022-12-24", "2024-05-05", "2021-01-01"], {"type": "date", "facet": True}),
        (["31/12/2024", "01/02/2024", "03/04/2024", "05/05/2024", "06/07/2024"],
         {"type": "date", "facet": True, "date_order": "dmy"}),
        (["12/31/2024", "01/02/2024", "03/04/2024", "05/05/2024", "06/07/2024"],
         {"type": "date", "facet": True, "date_order": "mdy"}),
        (["01/02/2024", "03/04/2024", "05/06/2024", "06/07/2024", "02/02/2024"], {}),
        (["SF", "SF", "Crime", "Crime", "SF", "Poetry"], {"facet": True}),
        (["red|blue", "red", "green|red", "blue", "blue|green"], {"list": True, "facet": True}),
        ([["red"], ["blue", "red"], [], ["blue"], ["red"], ["red"]], {"list": True, "facet": True}),
        (["salt, flour", "flour, milk, salt", "milk", "salt, milk", "flour"], {"list": True, "facet": True}),
        (["Le Guin, Ursula", "Lem, Stanislaw", "Le Guin, Ursula", "Lem, Stanislaw", "Lem, Stanislaw"], {"facet": True}),
        (["00123", "00456", "00789", "01234", "00999"], {}),
        (["NRD-TN1", "NRD-TN2", "SND-44", "SND-45", "TRN-9A"], {"identifier": True}),
        (["350g", "1kg", "20g", "75g", "2kg"], {}),
        (["1.2.3", "1.2.4", "2.0.0", "2.1.0", "3.0.0"], {}),
        ([f"A story of some length about a planet, number {n}, that is like no other" for n in range(6)],
         {"type": "text"}),
        (["ada@example.org", "b1@example.org", "c2@example.org", "d3@example.org", "e4@example.org"], {}),
        (["12", "7", "n/a", "9", "-", "10", "3", "4"], {"type": "number", "facet": True}),
        (["en"] * 6, {}),
    ],
)  # fmt: skip
def test_a_definition_is_found_in_the_values(values: list[Any], definition: dict[str, Any]) -> None:
    assert inferred(values) == definition


def test_codes_with_check_digits_and_codes_by_name_are_identifiers_and_years_are_not() -> None:
    assert inferred(ISBNS) == {"identifier": True}
    assert inferred([*ISBNS, ISBNS[0]]) == {"identifier": True}
    assert inferred([100_001 + n for n in range(8)], "part number") == {"identifier": True}
    assert inferred([100_001 + n for n in range(8)], "pages") == {"type": "number", "facet": True}
    assert inferred([1950 + n for n in range(8)], "year") == {"type": "number", "facet": True}
    assert inferred([f"0{1000 + n}" for n in range(8)], "zip code") == {}


def test_a_slip_among_many_numbers_does_not_make_them_words() -> None:
    assert inferred(["abc", *(str(n) for n in range(12))]) == {"type": "number", "facet": True}
    assert "type" not in inferred(["S", "M", "L", "40", "42", "44"])


def test_nothing_is_inferred_from_too_few_rows_or_values() -> None:
    assert infer(price=["1", "2", "3", "4"]).definitions == {}
    assert inferred(["1", "2", "", "", "", ""]) == {}


def test_dates_that_may_be_two_things_are_said_to_be() -> None:
    assert "day/month or month/day" in infer(sold=[f"0{n}/0{n + 1}/2024" for n in range(1, 7)]).notes["sold"]
