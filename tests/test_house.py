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


def test_a_constant_that_others_import_means_one_thing_in_its_room() -> None:
    values: dict[tuple[str, str], dict[str, str]] = {}  # (room, name): {module: value}
    imported = set()
    for path in modules(*CODE):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in (tree := ast.parse(path.read_text())).body:
            for target in assigned(node):
                values.setdefault((room(module), target.id), {})[module] = ast.unparse(node)
        for part in ast.walk(tree):
            if isinstance(part, ast.ImportFrom) and part.module:
                imported |= {(part.module, alias.name) for alias in part.names if alias.name.isupper()}
    assert [
        (name, *sorted(places))
        for (_, name), places in values.items()
        if len(places) > 1 and any((module, name) in imported for module in places)
    ] == []


def room(module: str) -> str:
    """`catalog`, `config`, or a folder of `search`."""
    return ".".join(module.split(".")[: 2 if module.startswith("search") else 1])


def assigned(node: ast.stmt) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target for target in targets if isinstance(target, ast.Name) and target.id.isupper()]
