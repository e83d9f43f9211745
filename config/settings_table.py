"""The table of all settings in docs/settings.md, made from the code that reads them."""

from __future__ import annotations

from pathlib import Path

from config import settings
from config.environ import environment

SETTINGS_PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
START, END = "<!-- table: written by `make settings` -->\n", "<!-- end of table -->\n"


def table() -> str:
    """In the order in which the settings are read."""
    assert settings.SECRET_KEY  # reading the settings is what fills the list
    rows = [
        f"| `{one.name}`{', or `…_FILE`' * one.has_file} | {_shown(one.default)} | {one.kind} | {one.meaning} |"
        for one in environment.VARIABLES.values()
    ]
    return "\n".join(["| Variable | Default | Value | Meaning |", "|---|---|---|---|", *rows]) + "\n"


def _shown(default: str) -> str:
    """What can be typed is set as code; what describes is not."""
    if not default:
        return "none"
    return default if " " in default else f"`{default}`"


def with_table(page: str) -> str:
    """The page with the table of today in it."""
    before, _, rest = page.partition(START)
    return before + START + table() + END + rest.partition(END)[2]
