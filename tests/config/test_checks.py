"""The system checks of the database's versions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.watching.checks import check_versions, version_problems

ROOT = Path(__file__).resolve().parents[2]
SET_FOR_CHROMIUM = "DJANGO_ALLOW_ASYNC_UNSAFE"  # by the tests that drive it, which may have run in this process


@pytest.mark.parametrize("version", ["0.8.4", "0.8.5", "0.9.0", "1.0"])
def test_a_pgvector_without_known_faults_passes(version: str) -> None:
    assert version_problems(postgresql=(18, 4), pgvector=version) == []


@pytest.mark.parametrize("version", ["0.8.3", "0.7.4", None])
def test_an_old_or_missing_pgvector_is_an_error_with_a_hint(version: str | None) -> None:
    [problem] = version_problems(postgresql=(18, 4), pgvector=version)
    assert problem.id == "akin.E001"
    assert "0.8.4" in problem.msg
    assert problem.hint


def test_an_old_postgresql_is_an_error() -> None:
    [problem] = version_problems(postgresql=(15, 9), pgvector="0.8.5")
    assert problem.id == "akin.E002"
    assert "15.9" in problem.msg


@pytest.mark.django_db
def test_the_embedded_server_passes() -> None:
    assert check_versions(databases=["default"]) == []


@pytest.mark.slow
def test_the_settings_of_production_leave_a_deployment_check_nothing_to_say(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if name != SET_FOR_CHROMIUM}
    environment = {
        **own,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "AKIN_DATA_DIR": str(tmp_path),
        "AKIN_HTTPS": "true",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "ALLOWED_HOSTS": "akin.example.org",
    }
    command = (sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
