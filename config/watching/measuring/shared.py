"""The folders through which the processes of one machine, or of one volume, share their numbers.

Each gunicorn and each Celery worker with all its children writes into one folder, which a lock keeps for as long as one
of them lives: process ids mean nothing between containers. Commands and tests share nothing.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

from django.conf import settings

logger = logging.getLogger(__name__)

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is imported
PROGRAMS: Final = {"gunicorn": "web", "celery": "celery"}
LOCK, NAME = "alive", "process"
YOUNG_SECONDS: Final = 60  # a folder without a lock may be one that is just being made

_locks: list[int] = []  # held until the process ends, by its children too


def open_folder() -> None:
    """Gives this process and its children a folder, if it is one that lives on; removes those of the dead."""
    program = _program()
    if program is None or os.environ.get(VARIABLE):
        return
    try:
        root = _root()
        root.mkdir(parents=True, exist_ok=True)
        _remove_dead(root)
        folder = Path(tempfile.mkdtemp(prefix=f"{program}-", dir=root))
        descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        (folder / NAME).write_text(program)
    except OSError as error:
        logger.warning("The numbers of this process are not shared: %s", error)
        return
    _locks.append(descriptor)
    os.environ[VARIABLE] = str(folder)


def name_process(name: str) -> None:
    """Says what the processes of this folder are, where the program's name does not."""
    if is_shared():
        (Path(os.environ[VARIABLE]) / NAME).write_text(name)


def is_shared() -> bool:
    return bool(os.environ.get(VARIABLE))


def files_by_process() -> dict[str, list[str]]:
    """The files with numbers, by the name of the processes that write them."""
    found: dict[str, list[str]] = defaultdict(list)
    for folder in _root().iterdir():
        try:
            found[(folder / NAME).read_text()] += [str(path) for path in folder.glob("*.db")]
        except OSError:
            continue  # it is just being made or removed
    return dict(found)


def _root() -> Path:
    return Path(settings.AKIN_DATA_DIR) / "metrics"


def _program() -> str | None:
    path = Path(sys.argv[0])
    name = path.parent.name if path.name == "__main__.py" else path.name
    return PROGRAMS.get(name)


def _remove_dead(root: Path) -> None:
    for folder in root.iterdir():
        if not _is_held(folder / LOCK):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(lock: Path) -> bool:
    """Whether a process has it open; true, too, of a folder that is just being made."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return lock.parent.is_dir() and lock.parent.stat().st_mtime > time.time() - YOUNG_SECONDS
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
