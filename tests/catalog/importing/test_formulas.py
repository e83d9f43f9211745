"""Cells that a spreadsheet would take for formulas."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from catalog.importing.formulas import BEGINNINGS, arm, disarm


@given(st.text())
@example("=HYPERLINK(1)")
@example("'=1")
@example("''")
@example("'plain")
def test_what_is_disarmed_begins_no_formula_and_comes_back_as_it_was(cell: str) -> None:
    assert arm(disarm(cell)) == cell
    assert not disarm(cell).startswith(BEGINNINGS)


def test_other_cells_stay_as_they_are() -> None:
    assert [disarm(cell) for cell in ("Tent", "3-in-1", "", "a=b")] == ["Tent", "3-in-1", "", "a=b"]
    assert arm("'til dawn") == "'til dawn"
