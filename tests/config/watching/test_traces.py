"""Traces are an option: without it nothing of Akin imports OpenTelemetry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# redis-py imports the SDK by itself where it is installed.
OWN = ("opentelemetry.instrumentation", "opentelemetry.exporter", "config.watching.traces")
LOADED = f"import django, sys; django.setup(); print(any(name.startswith({OWN}) for name in sys.modules))"


def loaded(tmp_path: Path, **settings: str) -> str:
    own = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "config.settings", "AKIN_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, env={**own, **settings}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_by_default_nothing_of_it_is_imported(tmp_path: Path) -> None:
    assert loaded(tmp_path) == "False"
    assert loaded(tmp_path, AKIN_TRACES="true") == "True"
