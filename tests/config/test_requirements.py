"""What is installed is what was locked: every pin has its hashes, and the lock files have nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("requirements", "requirements-dev", "requirements-traces")


def pins(name: str) -> dict[str, str]:
    """The exact pins of a requirements file and of those it includes."""
    found: dict[str, str] = {}
    for line in (written.partition("#")[0].strip() for written in (ROOT / f"{name}.txt").read_text().splitlines()):
        if line.startswith("-r "):
            found |= pins(line.removeprefix("-r ").removesuffix(".txt"))
        elif line:
            package, version = line.split("==")
            found[canonicalize_name(package)] = version
    return found


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each package of a lock file."""
    text = (ROOT / f"{name}.lock").read_text().replace("\\\n", " ")
    found: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines():
        requirement, *options = line.split()
        package, version = requirement.split("==")
        found[canonicalize_name(package)] = (version, options)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_is_locked_in_its_version_and_nothing_else(name: str) -> None:
    expected = {package: version for package, version in pins(name).items() if package != "torch"}
    assert {package: version for package, (version, _) in locked(name).items()} == expected, "make lock"


@pytest.mark.parametrize("name", NAMES)
def test_every_locked_package_has_hashes(name: str) -> None:
    bare = [
        package
        for package, (_, options) in locked(name).items()
        if not options or not all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option) for option in options)
    ]
    assert bare == []


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_installing_asks_for_the_hashes(file: str) -> None:
    text = (ROOT / file).read_text()
    assert "--require-hashes --no-deps" in text
    assert not re.search(r"-r requirements[a-z-]*\.txt", text)
