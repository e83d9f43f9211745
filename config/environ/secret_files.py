"""Secrets from files: `NAME_FILE` names a file that holds what `NAME` would, so that no list of processes shows it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SUFFIX = "_FILE"
MAX_BYTES = 16 * 1024  # a larger file is none with a secret in it


@dataclass(frozen=True)
class Secret:
    """A value, the variable that brought it, and what a message may show of that variable."""

    value: str
    variable: str
    shown: str


def read(name: str) -> Secret:
    """What the variable, or the file of `NAME_FILE`, holds; blanks and line ends around it do not count.

    An empty value means that neither is set. Raises ImproperlyConfigured when both are, or the file cannot be used.
    """
    value, path = os.environ.get(name, ""), os.environ.get(name + SUFFIX, "")
    if value and path:
        raise ImproperlyConfigured(f"{name} and {name}{SUFFIX} are both set; one has to go.")
    if not path:
        return Secret(value, name, "(not shown)")
    return Secret(_contents(name + SUFFIX, path), name + SUFFIX, path)


def _contents(variable: str, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            held = file.read(MAX_BYTES + 1)
        if len(held) > MAX_BYTES:
            raise _refused(variable, path, f"The file has more than {MAX_BYTES} bytes.")
        text = held.decode().strip()
    except OSError as error:
        raise _refused(variable, path, f"The file cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _refused(variable, path, "The file is no text in UTF-8.") from error
    if not text:
        raise _refused(variable, path, "The file is empty.")
    if "\n" in text or "\x00" in text:
        raise _refused(variable, path, "The file has more than one line.")
    return text


def _refused(variable: str, path: str, reason: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{variable}={path!r} is refused: {reason}")
