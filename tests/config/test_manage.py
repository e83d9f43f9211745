"""Which commands find the tables they need on a machine where nothing has run before."""

from __future__ import annotations

from pathlib import Path

import manage

WITHOUT_TABLES = {"convert_model", "generate_interest_log"}  # from files into others


def test_every_command_of_search_finds_its_tables() -> None:
    folder = Path(manage.__file__).parent / "search"
    names = {path.stem for path in folder.glob("**/management/commands/*.py")} - {"__init__"}
    assert names - WITHOUT_TABLES == manage.WITH_TABLES - {"createsuperuser"}
