"""The sizes that keep the code readable: functions fit a screen, modules hold one idea, folders are seen at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = ("config", "catalog", "search", "benchmarks")
MAX_FUNCTION = 40  # lines
MAX_MODULE = 250  # lines
MAX_FILES = 15  # of Python in a folder


def modules(*folders: str) -> Iterator[Path]:
    """Those that people write; migrations are made by a command."""
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def test_functions_fit_a_screen() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in modules(*CODE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, kinds) and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION
    ]
    assert long == []


def test_modules_are_about_one_idea() -> None:
    assert [
        str(path.relative_to(ROOT)) for path in modules(*CODE, "tests") if path.read_text().count("\n") > MAX_MODULE
    ] == []


def test_folders_are_seen_at_once() -> None:
    counts: dict[Path, int] = {}
    for path in modules(*CODE, "tests"):
        if path.name != "__init__.py":
            counts[path.parent] = counts.get(path.parent, 0) + 1
    assert {str(folder.relative_to(ROOT)) for folder, count in counts.items() if count > MAX_FILES} == set()
