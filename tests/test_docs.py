"""What the documents name exists."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"`((?:config|catalog|search)(?:\.\w+)+)`")
PATH = re.compile(r"`((?:config|catalog|search|tests|templates|static|docs)/[\w./]*|\.importlinter)`")


def named(pattern: re.Pattern[str], *documents: str) -> list[str]:
    return sorted({name for document in documents for name in pattern.findall((ROOT / "docs" / document).read_text())})


@pytest.mark.parametrize("name", named(NAME, "architecture.md"))
def test_every_module_and_function_in_the_architecture_exists(name: str) -> None:
    if Path(ROOT / name.replace(".", "/")).with_suffix(".py").exists() or name.endswith(".py"):
        return
    module, _, attribute = name.rpartition(".")
    assert hasattr(import_module(module), attribute)


@pytest.mark.parametrize("path", named(PATH, "architecture.md", "changing.md"))
def test_every_file_and_folder_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [folder.name for folder in (ROOT / "search").iterdir() if (folder / "__init__.py").exists()]
    assert {f"search/{room}/" for room in rooms if room != "migrations"} <= set(re.findall(r"`(search/\w+/)`", text))
