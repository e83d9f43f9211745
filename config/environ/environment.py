"""Typed settings from the environment, refused with name and value when they are wrong.

Every reader notes what it read in `VARIABLES`; docs/settings.md is the table of them. An empty value means unset.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError
from marshmallow import ValidationError, validate

from config.environ import secret_files

PREFIX = "AKIN_"
ENDPOINT_KEY = "_KEY"  # ends the names of variables that embedding spaces name, which settings do not know

T = TypeVar("T")
Validator = Callable[[str], object]


@dataclass(frozen=True)
class Variable:
    """One environment variable as the documentation shows it."""

    name: str
    kind: str
    default: str
    meaning: str
    has_file: bool = False  # whether NAME_FILE may bring it


VARIABLES: dict[str, Variable] = {}

_env = Env(expand_vars=False)


def refuse(name: str, value: str, reason: str) -> ImproperlyConfigured:
    """The error to raise; never shows the password of a URL."""
    return ImproperlyConfigured(f"{name}={without_password(value)!r} is refused: {reason}")


def without_password(value: str) -> str:
    try:
        parts = urlsplit(value)
        if not parts.password:
            return value
    except ValueError:
        return "(not shown)"
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{place}"))


def _read(name: str, kind: str, shown_default: str, meaning: str, read: Callable[[], T], default: T) -> T:
    VARIABLES[name] = Variable(name, kind, shown_default, meaning)
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        return read()
    except EnvError as error:
        reasons = getattr(error, "error_messages", None) or [str(error)]
        raise refuse(name, value, " ".join(str(reason) for reason in reasons)) from error


def text(name: str, default: str, meaning: str, *, check: Validator | None = None) -> str:
    checks = [check] if check else []
    return _read(name, "text", default, meaning, lambda: _env.str(name, validate=checks), default)


def secret(name: str, meaning: str, *, shown_default: str, at_least: int) -> str:
    """A text whose value no message shows, from a file where one is named."""
    VARIABLES[name] = Variable(name, "text", shown_default, meaning, has_file=True)
    found = secret_files.read(name)
    if found.value and len(found.value) < at_least:
        reason = f"It has {len(found.value)} characters, at least {at_least} are needed."
        raise refuse(found.variable, found.shown, reason)
    return found.value


def choice(name: str, default: str, meaning: str, *, among: Sequence[str]) -> str:
    check = validate.OneOf(among, error="It has to be one of: {choices}.")
    kind = " \\| ".join(among)
    return _read(name, kind, default, meaning, lambda: _env.str(name, validate=[check]), default)


def integer(
    name: str, default: int, meaning: str, *, at_least: int, at_most: int, shown_default: str | None = None
) -> int:
    check = validate.Range(at_least, at_most, error="It has to be from {min} to {max}.")
    shown = str(default) if shown_default is None else shown_default
    kind = f"{at_least} to {at_most}"
    return _read(name, kind, shown, meaning, lambda: _env.int(name, validate=[check]), default)


def boolean(name: str, default: bool, meaning: str) -> bool:
    shown = "true" if default else "false"
    return _read(name, "true \\| false", shown, meaning, lambda: _env.bool(name), default)


def names(name: str, default: Iterable[str], meaning: str, *, check: Validator | None = None) -> list[str]:
    """A list, separated by commas."""

    def read() -> list[str]:
        found: list[str] = [part.strip() for part in map(str, _env.list(name)) if part.strip()]
        for part in found:
            if check:
                _checked(name, part, check)
        return found

    return _read(name, "list", ",".join(default), meaning, read, list(default))


def folder(name: str, default: Path, meaning: str, *, shown_default: str) -> Path:
    """An absolute path; a relative one counts from the current directory. It does not have to exist yet."""
    found = _read(name, "folder", shown_default, meaning, lambda: _env.path(name), default).expanduser().resolve()
    if found.exists() and not found.is_dir():
        raise refuse(name, str(found), "It is a file, not a folder.")
    return found


def address(name: str, meaning: str, *, schemes: Sequence[str], shown_default: str) -> str:
    """A URL with one of the schemes, or nothing; from a file where one is named, because it may hold a password."""
    return ",".join(addresses(name, meaning, schemes=schemes, shown_default=shown_default, at_most=1))


def addresses(
    name: str, meaning: str, *, schemes: Sequence[str], shown_default: str, at_most: int = 16
) -> tuple[str, ...]:
    """Several of them, separated by commas."""
    begins = " or ".join(f"{scheme}://" for scheme in schemes)
    VARIABLES[name] = Variable(name, f"URL, {begins}", shown_default, meaning, has_file=True)
    found = secret_files.read(name)
    parts = [found.value] if at_most == 1 else found.value.split(",")
    urls = tuple(part.strip() for part in parts if part.strip())
    if len(urls) > at_most or any(url.partition("://")[0] not in schemes for url in urls):
        shown = found.value if found.variable == name else found.shown
        raise refuse(found.variable, shown, f"It has to begin with {begins}.")
    return urls


def endpoint_keys() -> dict[str, str]:
    """The keys of embedding endpoints that files bring, by the names that spaces have for them: AKIN_…_KEY."""
    ends = f"{ENDPOINT_KEY}{secret_files.SUFFIX}"
    names_of_files = [name for name in sorted(os.environ) if name.startswith(PREFIX) and name.endswith(ends)]
    keys = [name.removesuffix(secret_files.SUFFIX) for name in names_of_files]
    return {key: secret_files.read(key).value for key in keys if key not in VARIABLES}


def _checked(name: str, value: str, check: Validator) -> None:
    try:
        check(value)
    except (ValidationError, ValueError) as error:
        reasons = error.messages if isinstance(error, ValidationError) else [f"{error}."]
        raise refuse(name, value, " ".join(str(reason) for reason in reasons)) from error


def refuse_unknown() -> None:
    """Raises for a variable with Akin's prefix that nobody read: most likely a misspelt one."""
    for name in sorted(os.environ):
        own = name.removesuffix(secret_files.SUFFIX)
        is_known = name in VARIABLES or (own in VARIABLES and VARIABLES[own].has_file) or own.endswith(ENDPOINT_KEY)
        if name.startswith(PREFIX) and not is_known:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            hint = f"Did you mean {near[0]}?" if near else "docs/settings.md lists all settings."
            raise refuse(name, os.environ[name], f"There is no such setting. {hint}")
