"""The whole of Akin in processes of its own, for tests that ask the real thing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKE_KEY = """
import django
django.setup()
from catalog.access import create_key
from catalog.models.api_key import Scope
print(create_key(name="of a test", scope=Scope.CURATE)[1])
"""


def find_port() -> int:
    """One that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data_dir: Path, port: int, **settings: str) -> subprocess.Popen[str]:
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "AKIN_DATA_DIR": str(data_dir),
        "AKIN_WAKE_WORKERS": "true",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "PORT": str(port),
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "start"],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    limit = threading.Timer(240, process.kill)
    limit.daemon = True
    limit.start()
    return process


def read_until(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout
    said = []
    for one in process.stdout:
        said.append(one)
        if one == f"{line}\n":
            return
    raise AssertionError("".join(said))


def end(process: subprocess.Popen[str], reader: threading.Thread) -> None:
    """As Ctrl-C does; `reader` reads what it says until nothing comes any more."""
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    reader.join()
    assert process.stdout
    process.stdout.close()


def make_key(data_dir: Path) -> str:
    """One that may everything in the Akin of this directory."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "AKIN_DATA_DIR": str(data_dir)}
    made = subprocess.run(
        [sys.executable, "-c", MAKE_KEY], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return made.stdout.split()[-1]
