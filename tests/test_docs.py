"""What the documents name exists."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
COMMAND = re.compile(r"manage\.py ([a-z_]+)([^`|;\n]*(?:\\\n[^`|;\n]*)*)")
DJANGOS = {"createsuperuser", "migrate", "makemigrations", "check", "shell", "collectstatic", "axes_reset", "help"}
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


def commands_of(document: str) -> list[tuple[str, str]]:
    return sorted(set(COMMAND.findall((ROOT / document).read_text())))


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if commands_of(document)])
def test_every_command_and_option_exists(document: str) -> None:
    known = get_commands()
    for name, rest in commands_of(document):
        assert name in known or name in DJANGOS, name
        if name in known and name not in DJANGOS:
            said = load_command_class(known[name], name).create_parser("manage.py", name).format_help()
            parts = said + "".join(help_of_parts(name))
            assert not [option for option in re.findall(r"--[a-z][\w-]*", rest) if option not in parts], (name, rest)


def help_of_parts(name: str) -> list[str]:
    """What the commands say that have commands of their own, as `spaces add`."""
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    choices = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [one.format_help() for found in choices for one in found.values()]
