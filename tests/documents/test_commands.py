"""Every command of the documents does what they say, in their order, on a running Akin."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.config.members import kill_all, servers
from tests.config.started import ROOT, end, find_port, make_key, read_until, start

pytestmark = pytest.mark.slow

BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:```json\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
ADDRESS = "http://127.0.0.1:8000"  # in the documents
FOLLOWS_FROM = re.compile(r"AKIN=.*\nKEY=")  # the lines that name the address and the key


class Block(NamedTuple):
    """Commands as they are written, and the answer that the document shows for the last of them, if it does."""

    commands: str
    answer: str

    @property
    def title(self) -> str:
        return self.commands.strip().splitlines()[0][:70]


def blocks_of(document: str) -> list[Block]:
    found = BLOCK.findall((ROOT / "docs" / document).read_text())
    return [Block(*block) for block in found if not FOLLOWS_FROM.match(block[0])]


class Place:
    """A folder in which commands are typed, beside a running Akin with the demo catalog."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.data_dir = folder, port, folder / "data"
        self.key = ""
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (folder / "manage.py").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/manage.py" "$@"\n')
        for path in (folder / ".venv" / "bin" / "python", folder / "manage.py"):
            path.chmod(0o755)

    def type(self, commands: str) -> str:
        """What they print. Fails when one of them does."""
        here = commands.replace(ADDRESS, f"http://127.0.0.1:{self.port}").replace(
            "python manage.py", f"python {ROOT}/manage.py"
        )
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "AKIN_DATA_DIR": str(self.data_dir),
            "AKIN_ENCODER": "fake",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "AKIN": f"http://127.0.0.1:{self.port}/api/v1",
            "KEY": self.key,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("documents"), find_port())
    process = start(place.data_dir, place.port, AKIN_ENCODER="fake")
    try:
        read_until(process, f"Akin is ready: http://127.0.0.1:{place.port}")
        assert process.stdout
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        place.key = make_key(place.data_dir)
        yield place
        end(process, reader)
    finally:
        kill_all(servers(place.data_dir))


def test_the_tutorial_leads_to_a_catalog_of_ones_own(place: Place) -> None:
    printed = [place.type(block.commands) for block in blocks_of("tutorial.md")]
    assert "12 created" in printed[1] and "/c/books/" in printed[1]
    old_clothes, cook, number, related = answers_in(printed[2])
    assert all(hit["attributes"]["price"] <= 20 for hit in cook["hits"])
    assert number["hits"][0]["title"] == "Night Train to Gdansk"
    assert old_clothes["hits"] and len(related["items"]) == 3
    assert "verified" in printed[4]


@pytest.mark.parametrize("document", ["api.md"])
def test_answers_have_the_shape_that_the_document_shows(place: Place, document: str) -> None:
    wrong = []
    for block in blocks_of(document):
        printed = place.type(block.commands)
        if block.answer:
            shown, found = json.loads(block.answer), answers_in(printed)[-1]
            wrong += [f"{block.title}: {names}" for names in differences(shown, found)]
    assert not wrong, "\n".join(wrong)


def differences(shown: Any, found: Any) -> list[list[str]]:
    """The names that only one of two answers has, and only one of their first rows, where both have some."""
    one, other = (answer[0] if isinstance(answer, list) and answer else answer for answer in (shown, found))
    differing = [sorted(set(one) ^ set(other))]
    if isinstance(one, dict) and isinstance(other, dict):
        rows = [(one[name], other[name]) for name in one if name in other]
        lists = [(a, b) for a, b in rows if isinstance(a, list) and isinstance(b, list) and a and b]
        differing += [sorted(set(a[0]) ^ set(b[0])) for a, b in lists if isinstance(a[0], dict)]
    return [names for names in differing if names]


def answers_in(printed: str) -> list[Any]:
    """The JSON that commands printed one after the other."""
    found, at = [], 0
    while at < len(printed.rstrip()):
        answer, at = json.JSONDecoder().raw_decode(printed, at)
        found.append(answer)
        at += len(printed[at:]) - len(printed[at:].lstrip())
    return found
