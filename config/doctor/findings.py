"""What an examination says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is. What is not ok has a remedy: what to do or to run."""

    about: str
    level: Level
    message: str
    remedy: str = ""


def ok(about: str, message: str) -> Finding:
    return Finding(about, "ok", message)


def warning(about: str, message: str, remedy: str) -> Finding:
    return Finding(about, "warning", message, remedy)


def error(about: str, message: str, remedy: str) -> Finding:
    return Finding(about, "error", message, remedy)
