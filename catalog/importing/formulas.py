"""Cells of tables that people open in a spreadsheet: what it would take for a formula is disarmed, and armed again.

A cell that begins like a formula gets an apostrophe before it, as people type one; so does a cell that begins with
an apostrophe already, so that reading an export back gives what was there.
"""

from __future__ import annotations

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the last four are full width
APOSTROPHE = "'"


def disarm(cell: str) -> str:
    """The cell as text in a spreadsheet."""
    return APOSTROPHE + cell if cell.startswith((*BEGINNINGS, APOSTROPHE)) else cell


def arm(cell: str) -> str:
    """What `disarm` was given; any other cell stays as it is."""
    is_disarmed = cell.startswith(APOSTROPHE) and cell[1:].startswith((*BEGINNINGS, APOSTROPHE))
    return cell[1:] if is_disarmed else cell
