"""The compose file starts what the Procfile starts, on parts of the right versions."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return loaded


def test_every_process_of_the_procfile_is_a_service_with_the_same_command(services: dict[str, Any]) -> None:
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    assert {name: shlex.split(command) for name, command in processes.items()} == {
        name: services[name]["command"] for name in processes
    }


def test_every_lasting_service_tells_whether_it_is_well(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"prepare"}


def test_the_database_has_a_pgvector_that_passes_the_system_check(services: dict[str, Any]) -> None:
    assert services["postgres"]["image"] == "pgvector/pgvector:0.8.5-pg18"


def test_no_process_of_akin_runs_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER akin") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))
